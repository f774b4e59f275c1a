package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/licensing"
)

// KeepBatch stores a batch with its drafts and its entry.
func (db *DB) KeepBatch(ctx context.Context, b licensing.Batch, rows []licensing.BatchRow, entry ledger.Entry) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into licence_batches (batch_id, issuer, actor, total, made_at) values ($1, $2, $3, $4, $5)`,
			b.ID, b.Issuer, b.Actor, b.Total, b.Made); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"licence_batch_rows"}, []string{"batch_id", "n", "subject_ref", "sealed"},
			pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
				return []any{b.ID, rows[i].N, rows[i].SubjectRef, rows[i].Sealed}, nil
			}))
		if err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, "")
		return err
	})
	return pending, err
}

const batchColumns = `select batch_id, issuer, actor, made_at, total,
	(select count(*) from licence_batch_rows r where r.batch_id = b.batch_id and r.state = 'issued')::int from licence_batches b `

// Batch reads how far a batch is.
func (db *DB) Batch(ctx context.Context, id string) (licensing.Batch, error) {
	found, err := db.batches(ctx, batchColumns+`where batch_id = $1`, id)
	if err == nil && len(found) == 0 {
		err = gateway.Fail(gateway.NotFound, "batch-unknown", "There is no such batch, or it is not yours.")
	}
	if err != nil {
		return licensing.Batch{}, err
	}
	rows, err := db.pool.Query(ctx, `select n, code from licence_batch_rows where batch_id = $1 and state = 'failed' order by n limit 100`, id)
	if err != nil {
		return licensing.Batch{}, explain(err)
	}
	found[0].Failed, err = pgx.CollectRows(rows, pgx.RowToStructByPos[licensing.FailedRow])
	return found[0], explain(err)
}

// OpenBatches lists those with drafts still to be issued, the oldest first.
func (db *DB) OpenBatches(ctx context.Context) ([]licensing.Batch, error) {
	return db.batches(ctx, batchColumns+`where exists (select from licence_batch_rows r where r.batch_id = b.batch_id and r.state = 'pending') order by made_at`)
}

func (db *DB) batches(ctx context.Context, query string, args ...any) ([]licensing.Batch, error) {
	rows, err := db.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b licensing.Batch, err error) {
		err = row.Scan(&b.ID, &b.Issuer, &b.Actor, &b.Made, &b.Total, &b.Issued)
		return b, err
	})
	return found, explain(err)
}

// PendingRows reads drafts still to be issued, in their order, of places beyond after.
func (db *DB) PendingRows(ctx context.Context, batch string, after, limit int) ([]licensing.BatchRow, error) {
	rows, err := db.pool.Query(ctx, `select n, subject_ref, sealed from licence_batch_rows where batch_id = $1 and state = 'pending' and n > $2 order by n limit $3`, batch, after, limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[licensing.BatchRow])
	return found, explain(err)
}

// IssueRows commits licences and marks their drafts, all or none.
func (db *DB) IssueRows(ctx context.Context, batch string, numbers []int, changes []licensing.Change) (pending []string, err error) {
	if len(numbers) != len(changes) {
		return nil, errors.New("postgres: a batch has one change for each of its rows")
	}
	ids := make([]string, len(changes))
	for i, change := range changes {
		ids[i] = change.Record.ID
	}
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, `
			update licence_batch_rows r set state = 'issued', licence_id = told.id
			from unnest($2::int[], $3::text[]) as told (n, id) where r.batch_id = $1 and r.n = told.n and r.state = 'pending'`, batch, numbers, ids)
		if err != nil {
			return err
		}
		if int(done.RowsAffected()) != len(numbers) {
			return gateway.Fail(gateway.Conflict, "batch-row-done", "Another node has issued some of these meanwhile.")
		}
		pending, err = applyLicences(ctx, tx, changes)
		return err
	})
	return pending, err
}

// FailRow gives up on a draft.
func (db *DB) FailRow(ctx context.Context, batch string, n int, code string) error {
	_, err := db.pool.Exec(ctx, `update licence_batch_rows set state = 'failed', code = $3 where batch_id = $1 and n = $2 and state = 'pending'`, batch, n, code)
	return explain(err)
}
