package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// pendEntry records a state change in the transaction that makes it; the log seals
// it right after (ledger.Log.Drain waits for that), also when this process ends
// before. subject is the subject_ref concerned, or "".
func pendEntry(ctx context.Context, tx pgx.Tx, entry ledger.Entry, subject string) (pendingID string, err error) {
	batch := &pgx.Batch{}
	if pendingID, err = queueEntry(batch, entry, subject); err != nil {
		return "", err
	}
	return pendingID, tx.SendBatch(ctx, batch).Close()
}

// queueEntry is pendEntry for a change that sends its statements together.
func queueEntry(batch *pgx.Batch, entry ledger.Entry, subject string) (pendingID string, err error) {
	if err := entry.Check(); err != nil {
		return "", err
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", fmt.Errorf("postgres: id of a pending entry: %w", err)
	}
	pendingID = hex.EncodeToString(id[:])
	batch.Queue(`insert into ledger_pending (id, subject_ref, entry) values ($1, $2, $3)`, pendingID, subject, entry)
	return pendingID, nil
}

// stopEverywhere stops something for every log, in the transaction that ends it:
// once that has committed, no batch seals an entry resting on it without being
// told. It waits for the batches under way and holds up those to come until the
// transaction ends, so let it be among the last things a transaction does. What is
// stopped already stays as it is.
func stopEverywhere(ctx context.Context, tx pgx.Tx, stop ledger.Stop) error {
	return markEverywhere(ctx, tx, stop, 0)
}

// liftEverywhere ends a stop as stopEverywhere begins it. Between which sizes of each
// log it stood is kept, so that a breach in between can be proved later on. What is
// not stopped stays as it is; what was lifted may be stopped again.
func liftEverywhere(ctx context.Context, tx pgx.Tx, stop ledger.Stop) error {
	return markEverywhere(ctx, tx, stop, 1)
}

// markEverywhere adds the marker that follows one whose number has that parity.
func markEverywhere(ctx context.Context, tx pgx.Tx, stop ledger.Stop, parity int) error {
	if err := stop.Check(); err != nil {
		return err
	}
	if err := lockEverywhere(ctx, tx); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		insert into ledger_stops (origin, kind, id, n, size)
		select log.origin, $1, $2, coalesce(last.n, 0) + 1, log.size
		from ledger_origins log left join lateral (
			select n from ledger_stops stop where stop.origin = log.origin and stop.kind = $1 and stop.id = $2
			order by n desc limit 1) last on true
		where coalesce(last.n, 0) % 2 = $3::integer
		returning origin, n, size`, stop.Kind, stop.ID, parity)
	if err != nil {
		return err
	}
	marked, err := pgx.CollectRows(rows, pgx.RowToStructByPos[stopMarker])
	if err != nil {
		return err
	}
	return pendMarkers(ctx, tx, stop, marked)
}

// publishEverywhere puts an edition in force for every log, in the transaction that
// publishes it: once that has committed, no batch seals an entry decided under
// another one without being told. It waits as stopEverywhere does. A number that is
// not above the one in force is a Conflict, edition-outdated.
func publishEverywhere(ctx context.Context, tx pgx.Tx, kind string, number int64) error {
	if err := (ledger.Edition{Kind: kind, Number: number}).Check(); err != nil {
		return err
	}
	if err := lockEverywhere(ctx, tx); err != nil {
		return err
	}
	published, err := tx.Exec(ctx, `
		insert into ledger_editions (origin, kind, number, size)
		select origin, $1, $2, size from ledger_origins
		where $2 > (select coalesce(max(number), 0) from ledger_editions where kind = $1)`, kind, number)
	if err == nil && published.RowsAffected() == 0 {
		return gateway.Fail(gateway.Conflict, "edition-outdated", "An edition of this or a higher number is in force already.")
	}
	return err
}

// lockEverywhere locks all origins in a statement after the one that locked the book
// of stops, to see an origin that was created in between.
func lockEverywhere(ctx context.Context, tx pgx.Tx) error {
	if err := lockOrigin(ctx, tx, bookOfStops); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `select from ledger_origins order by origin for update`)
	return err
}
