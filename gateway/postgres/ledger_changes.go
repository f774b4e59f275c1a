package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// pendEntry records a state change in the transaction that makes it; the log seals
// it right after (ledger.Log.Drain waits for that), also when this process ends
// before. subject is the subject_ref concerned, or "".
func pendEntry(ctx context.Context, tx pgx.Tx, entry ledger.Entry, subject string) (pendingID string, err error) {
	if err := entry.Check(); err != nil {
		return "", err
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", fmt.Errorf("postgres: id of a pending entry: %w", err)
	}
	pendingID = hex.EncodeToString(id[:])
	_, err = tx.Exec(ctx, `insert into ledger_pending (id, subject_ref, entry) values ($1, $2, $3)`, pendingID, subject, entry)
	return pendingID, err
}

// stopEverywhere stops something for every log, in the transaction that ends it:
// once that has committed, no batch seals an entry resting on it without being
// told. It waits for the batches under way and holds up those to come until the
// transaction ends, so let it be among the last things a transaction does.
//
// The origins are locked in a statement after the one that locked the book of
// stops, to see an origin that was created in between.
func stopEverywhere(ctx context.Context, tx pgx.Tx, stop ledger.Stop) error {
	if err := stop.Check(); err != nil {
		return err
	}
	if err := lockOrigin(ctx, tx, bookOfStops); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `select from ledger_origins order by origin for update`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into ledger_stops (origin, kind, id, size)
		select origin, $1, $2, size from ledger_origins
		on conflict do nothing`, stop.Kind, stop.ID)
	return err
}
