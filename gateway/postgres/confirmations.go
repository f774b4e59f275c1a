package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/confirmation"
)

const confirmationColumns = `
	select confirmation_id, digest, subject_ref, system, department, provider, item, fields, operation, service_item, case_no,
		purpose, officer_ref, asked_at, expires_at, state, coalesce(decided_at, '0001-01-01'), decided_by, reason
	from confirmations c `

// AskConfirmation finds the confirmation that stands for a request: not over, and not
// used up by an earlier one. Where there is none it asks for one, with its entry for
// the ledger; pending is "" otherwise.
func (db *DB) AskConfirmation(ctx context.Context, wanted confirmation.Confirmation) (c confirmation.Confirmation, pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pending = ""
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended($1, 0))", wanted.System+" "+wanted.Digest); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, confirmationColumns+`
			where system = $1 and digest = $2 and expires_at > $3 and not exists (
				select from ledger_claims l where l.owner = c.system and l.space = 'confirmation' and l.key = c.confirmation_id)
			order by asked_at desc limit 1`, wanted.System, wanted.Digest, wanted.AskedAt)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[confirmation.Confirmation])
		if err != nil {
			return err
		}
		if len(found) > 0 {
			c = found[0]
			return nil
		}
		c = wanted
		if err := insertConfirmation(ctx, tx, c); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, c.Entry(confirmation.Asked, c.AskedAt), c.SubjectRef)
		return err
	})
	return c, pending, err
}

func insertConfirmation(ctx context.Context, tx pgx.Tx, c confirmation.Confirmation) error {
	_, err := tx.Exec(ctx, `
		insert into confirmations (confirmation_id, digest, subject_ref, system, department, provider, item, fields, operation,
			service_item, case_no, purpose, officer_ref, asked_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		c.ID, c.Digest, c.SubjectRef, c.System, c.Department, c.Provider, c.Item, c.Fields, c.Operation,
		c.ServiceItem, c.CaseNo, c.Purpose, c.OfficerRef, c.AskedAt, c.Expires)
	return err
}

// DecideConfirmation lets judge say what a second officer makes of a confirmation, and
// writes that with its entry. One at a time.
func (db *DB) DecideConfirmation(ctx context.Context, id string, judge func(confirmation.Confirmation) (confirmation.Confirmation, confirmation.Event, error)) (c confirmation.Confirmation, pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, confirmationColumns+"where confirmation_id = $1 for update", id)
		if err != nil {
			return err
		}
		found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[confirmation.Confirmation])
		if err != nil {
			return orUnknown(err, confirmation.Unknown())
		}
		var event confirmation.Event
		if c, event, err = judge(found); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update confirmations set state = $2, decided_at = $3, decided_by = $4, reason = $5 where confirmation_id = $1`,
			c.ID, c.State, c.DecidedAt, c.DecidedBy, c.Reason); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, c.Entry(event, c.DecidedAt), c.SubjectRef)
		return err
	})
	return c, pending, err
}

// Confirmations lists them, newest first.
func (db *DB) Confirmations(ctx context.Context, f confirmation.Filter) ([]confirmation.Confirmation, error) {
	rows, err := db.pool.Query(ctx, confirmationColumns+`
		where ($1 = '' or department = $1 or provider = $1) and ($2::timestamptz is null or state = 'PENDING' and expires_at > $2)
		order by asked_at desc, confirmation_id limit $3`, f.Department, orNull(f.OpenAt), f.Limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[confirmation.Confirmation])
	return found, explain(err)
}
