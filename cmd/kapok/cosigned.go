package main

import (
	"context"
	"errors"

	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// cosigned adds a checkpoint that a witness cosigned to the bundle, for each entry of its
// log that it covers. One that covers none, or that the log does not have, is refused:
// the operator took the wrong file, or the log is not the one that was witnessed.
func (r *recordReader) cosigned(ctx context.Context, b *evidence.Bundle, found []postgres.LedgerEntry, note string) error {
	signed, line, err := ledger.CutCosignature(note)
	if err != nil {
		return err
	}
	head, err := ledger.ParseCheckpoint(signed)
	if err != nil {
		return err
	}
	added := false
	for i, one := range found {
		sealed, err := ledger.SealedAt(ctx, r.record, one.Origin, one.Index)
		if err != nil {
			return err
		}
		if one.Origin != head.Origin || sealed.Size > head.Size {
			continue
		}
		proved, err := ledger.ProveConsistency(ctx, r.record, one.Origin, sealed.Size, head.Size)
		if err != nil {
			return err
		}
		if proved.Checkpoint != signed {
			return errors.New("the checkpoint that the witness cosigned is not the one that the log holds: keep it, and audit the log")
		}
		b.Cosigned, added = append(b.Cosigned, evidence.Cosigned{Consistency: proved.Encode(), Entry: i, Line: line}), true
	}
	if !added {
		return errors.New("the checkpoint that the witness cosigned covers no entry of the bundle")
	}
	return nil
}
