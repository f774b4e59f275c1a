package postgres

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// partKey names a part that is stored.
type partKey struct {
	origin string
	digest [ledger.PartSize]byte
}

// knownParts remembers which parts are stored, so that a batch sends new ones only. It
// is emptied whole when it is full; sending one again changes nothing.
type knownParts struct {
	mu     sync.Mutex
	stored map[partKey]bool
}

const maxKnownParts = 1 << 17

func newKnownParts() *knownParts { return &knownParts{stored: map[partKey]bool{}} }

func (k *knownParts) keep(written []partKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.stored)+len(written) > maxKnownParts {
		clear(k.stored)
	}
	for _, key := range written {
		k.stored[key] = true
	}
}

// missing lists the parts that the rows name and that are not known to be stored, each
// once, in order, so that two batches do not wait in a circle.
func (k *knownParts) missing(origin string, rows []ledger.Row) []ledger.Part {
	k.mu.Lock()
	defer k.mu.Unlock()
	var parts []ledger.Part
	for _, row := range rows {
		if row.Aside == nil {
			continue
		}
		for _, part := range row.Aside.Parts {
			if !k.stored[partKey{origin, part.Digest}] {
				parts = append(parts, part)
			}
		}
	}
	slices.SortFunc(parts, func(a, b ledger.Part) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	return slices.CompactFunc(parts, func(a, b ledger.Part) bool { return a.Digest == b.Digest })
}

// queueNotes adds the batch's notes as one row, and the parts that are new. It returns
// the parts' keys, to be remembered once they are durable.
func (b *ledgerBatch) queueNotes(send *pgx.Batch, rows []ledger.Row) []partKey {
	var records []byte
	var first *ledger.Row
	for i := range rows {
		if rows[i].Aside == nil {
			continue
		}
		if first == nil {
			first = &rows[i]
		}
		records = append(records, rows[i].Aside.Record...)
	}
	if first == nil {
		return nil
	}
	send.Queue(`insert into ledger_notes (origin, idx, at, records) values ($1, $2, $3, $4)`, b.lease.Origin, int64(first.Index), first.At, records)
	return b.queueParts(send, b.notes.missing(b.lease.Origin, rows))
}

func (b *ledgerBatch) queueParts(send *pgx.Batch, parts []ledger.Part) []partKey {
	if len(parts) == 0 {
		return nil
	}
	keys := make([]partKey, len(parts))
	digests, texts := make([][]byte, len(parts)), make([][]byte, len(parts))
	for i := range parts {
		keys[i] = partKey{b.lease.Origin, parts[i].Digest}
		digests[i], texts[i] = parts[i].Digest[:], parts[i].Text
	}
	send.Queue(`
		insert into ledger_note_parts (origin, digest, part)
		select $1, * from unnest($2::bytea[], $3::bytea[]) on conflict do nothing`, b.lease.Origin, digests, texts)
	return keys
}

// notesAtOnce is how many bytes of notes are handed on together.
const notesAtOnce = 256 << 10

// Decisions is as replay.Store has it. Parts and notes are read from one snapshot.
func (l *Ledger) Decisions(ctx context.Context, since time.Time, begin func(parts map[[ledger.PartSize]byte][]byte), visit func(records []byte) error) error {
	tx, err := l.db.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return explain(err)
	}
	defer rollback(ctx, tx) // it has written nothing
	parts, err := noteParts(ctx, tx)
	if err != nil {
		return explain(err)
	}
	begin(parts)
	return explain(eachNotes(ctx, tx, since, visit))
}

func noteParts(ctx context.Context, tx pgx.Tx) (map[[ledger.PartSize]byte][]byte, error) {
	rows, err := tx.Query(ctx, `select digest, part from ledger_note_parts`)
	if err != nil {
		return nil, err
	}
	parts := map[[ledger.PartSize]byte][]byte{}
	var digest, part []byte
	_, err = pgx.ForEachRow(rows, []any{&digest, &part}, func() error {
		parts[[ledger.PartSize]byte(digest)] = bytes.Clone(part)
		return nil
	})
	return parts, err
}

func eachNotes(ctx context.Context, tx pgx.Tx, since time.Time, visit func(records []byte) error) error {
	rows, err := tx.Query(ctx, `select records from ledger_notes where at >= $1`, since)
	if err != nil {
		return err
	}
	defer rows.Close()
	block := make([]byte, 0, notesAtOnce)
	for rows.Next() {
		block = append(block, rows.RawValues()[0]...)
		if len(block) >= notesAtOnce {
			if err := visit(block); err != nil {
				return err
			}
			block = make([]byte, 0, notesAtOnce)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return visit(block)
}
