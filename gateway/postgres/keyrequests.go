package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/enrolling"
)

// ProposeKey keeps a request for a key.
func (db *DB) ProposeKey(ctx context.Context, r enrolling.Request) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			insert into key_requests (id, system_id, public_key, valid_from, valid_until, replaces, overlap_hours, proposed_by, proposed_person, proposed_at, state)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			r.ID, r.System, r.Public.Bytes(), orNull(r.From), r.Until, r.Replaces, int(r.Overlap/time.Hour),
			r.ProposedBy.Ref, r.ProposedBy.SubjectRef, r.ProposedAt, string(r.State)); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, r.Entry(), "")
		return err
	})
	return pending, err
}

const selectKeyRequest = `select id, system_id, public_key, valid_from, valid_until, replaces, overlap_hours,
	proposed_by, proposed_person, proposed_at, state, decided_by, decided_person, decided_at from key_requests `

func scanKeyRequest(row pgx.Row) (r enrolling.Request, err error) {
	var point []byte
	var hours int
	var from, decided *time.Time
	if err := row.Scan(&r.ID, &r.System, &point, &from, &r.Until, &r.Replaces, &hours,
		&r.ProposedBy.Ref, &r.ProposedBy.SubjectRef, &r.ProposedAt, &r.State, &r.DecidedBy.Ref, &r.DecidedBy.SubjectRef, &decided); err != nil {
		return r, err
	}
	if from != nil {
		r.From = *from
	}
	if decided != nil {
		r.DecidedAt = *decided
	}
	r.Overlap = time.Duration(hours) * time.Hour
	r.Public, err = sm.ParsePublicKey(point)
	return r, err
}

// keyRequestsShown is how many requests of a system are listed.
const keyRequestsShown = 50

// KeyRequests lists the latest requests of a system, the newest first.
func (db *DB) KeyRequests(ctx context.Context, system string) ([]enrolling.Request, error) {
	rows, err := db.pool.Query(ctx, selectKeyRequest+"where system_id = $1 order by proposed_at desc, id limit $2", system, keyRequestsShown)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (enrolling.Request, error) { return scanKeyRequest(row) })
	return found, explain(err)
}

// DecideKey brings a request where judge says. A confirmed one makes the key the system's
// and has the one that it replaces end with the overlap; both stand in the ledger with it.
func (db *DB) DecideKey(ctx context.Context, id string, judge func(enrolling.Request) (enrolling.Request, error)) (r enrolling.Request, pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		found, err := scanKeyRequest(tx.QueryRow(ctx, selectKeyRequest+"where id = $1 for update", id))
		if errors.Is(err, pgx.ErrNoRows) {
			return gateway.Fail(gateway.NotFound, "key-request-unknown", "There is no such request for a key.")
		}
		if err != nil {
			return err
		}
		if r, err = judge(found); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update key_requests set state = $2, decided_by = $3, decided_person = $4, decided_at = $5 where id = $1",
			id, string(r.State), r.DecidedBy.Ref, r.DecidedBy.SubjectRef, r.DecidedAt); err != nil {
			return err
		}
		if r.State == enrolling.Enrolled {
			if err := enrolRequested(ctx, tx, r); err != nil {
				return err
			}
		}
		pending, err = pendEntry(ctx, tx, r.Entry(), "")
		return err
	})
	return r, pending, err
}

func enrolRequested(ctx context.Context, tx pgx.Tx, r enrolling.Request) error {
	_, pending, err := enrolKey(ctx, tx, Enrolment{System: r.System, Public: r.Public, From: r.Starts(), Until: r.Until, Actor: r.DecidedBy.Ref, At: r.DecidedAt})
	if err != nil {
		return err
	}
	if pending == "" {
		return gateway.Fail(gateway.Conflict, "key-taken", "This key has been enrolled meanwhile.")
	}
	if r.Replaces == "" {
		return nil
	}
	_, err = tx.Exec(ctx, `
		update system_keys set valid_until = $3
		where key_id = $1 and system_id = $2 and valid_from < $3 and (valid_until is null or valid_until > $3)`, r.Replaces, r.System, r.Overlaps())
	return err
}
