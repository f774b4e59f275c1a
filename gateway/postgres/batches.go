package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/batch"
	"kapok/gateway/ledger"
)

// Batches keeps questions about many people. It implements [batch.Store].
type Batches struct{ db *DB }

// Batches is the store of batches.
func (db *DB) Batches() *Batches { return &Batches{db} }

// Place keeps an order with its people and its key.
func (b *Batches) Place(ctx context.Context, placed batch.Batch, asked [][]byte, key keys.WrappedKey, entry ledger.Entry) (pending string, err error) {
	err = b.db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			insert into batches (batch_id, kind, system, department, subjects, placed_at, expires_at, state, sealed)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			placed.ID, placed.Kind, placed.System, placed.Department, len(asked), placed.Placed, placed.Expires, placed.State, placed.Order)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into person_keys (owner, use, wrapped) values ($1, $2, $3)",
			batch.KeyOwner(placed.ID), string(batch.OrderKey), []byte(key)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			insert into batch_members (batch_id, position, state, due_at, asked)
			select $1, place - 1, 'waiting', $2, asked from unnest($3::bytea[]) with ordinality as people (asked, place)`,
			placed.ID, placed.Placed, asked)
		if err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, "")
		return err
	})
	return pending, err
}

// BatchKey finds the wrapped key of a batch; nil when it is gone.
func (b *Batches) BatchKey(ctx context.Context, id string) (keys.WrappedKey, error) {
	return b.db.PersonKey(ctx, batch.KeyOwner(id), batch.OrderKey)
}

const selectBatch = `
	select batch_id, kind, system, department, state, placed_at, expires_at, coalesce(sealed, ''), subjects,
		coalesce(m.waiting, 0), b.released + coalesce(m.released, 0), b.refused + coalesce(m.refused, 0), b.fetched + coalesce(m.fetched, 0)
	from batches b
	cross join lateral (
		select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'released') as released,
			count(*) filter (where state = 'refused') as refused, count(*) filter (where fetched) as fetched
		from batch_members where batch_members.batch_id = b.batch_id
	) m `

func readBatch(ctx context.Context, from rowsQuerier, id string) (batch.Batch, error) {
	rows, err := from.Query(ctx, selectBatch+"where batch_id = $1", id)
	if err != nil {
		return batch.Batch{}, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (found batch.Batch, err error) {
		c := &found.Counts
		err = row.Scan(&found.ID, &found.Kind, &found.System, &found.Department, &found.State, &found.Placed, &found.Expires, &found.Order,
			&c.Subjects, &c.Waiting, &c.Released, &c.Refused, &c.Fetched)
		return found, err
	})
	return found, orUnknown(err, batch.Unknown())
}

// Batch finds a batch with its counts; NotFound, batch-unknown.
func (b *Batches) Batch(ctx context.Context, id string) (batch.Batch, error) {
	found, err := readBatch(ctx, b.db.pool, id)
	return found, explain(err)
}

// Take hands a batch that nobody works on to a node.
func (b *Batches) Take(ctx context.Context, node string, now, until time.Time) (id string, err error) {
	err = b.db.pool.QueryRow(ctx, `
		update batches set leased_by = $1, leased_until = $3 where batch_id = (
			select batch_id from batches where state = 'running' and leased_until < $2
			order by placed_at limit 1 for update skip locked
		) returning batch_id`, node, now, until).Scan(&id)
	if noRows(err) {
		return "", nil
	}
	return id, explain(err)
}

// Waiting lists those whose time has come.
func (b *Batches) Waiting(ctx context.Context, id string, now time.Time, limit int) (due []batch.Member, more bool, err error) {
	rows, err := b.db.pool.Query(ctx, `
		select position, asked, attempts, state, due_at from batch_members
		where batch_id = $1 and state = 'waiting' and due_at <= $2 order by due_at, position limit $3`, id, now, limit)
	if err != nil {
		return nil, false, explain(err)
	}
	due, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m batch.Member, err error) {
		err = row.Scan(&m.Position, &m.Asked, &m.Attempts, &m.State, &m.Due)
		return m, err
	})
	if err != nil || len(due) > 0 {
		return due, true, explain(err)
	}
	err = b.db.pool.QueryRow(ctx, "select exists (select from batch_members where batch_id = $1 and state = 'waiting')", id).Scan(&more)
	return nil, more, explain(err)
}

// Keep keeps what became of members, and the node's hold on the batch.
func (b *Batches) Keep(ctx context.Context, id, node string, until time.Time, members []batch.Member) error {
	return b.db.inTx(ctx, func(tx pgx.Tx) error {
		held, err := tx.Exec(ctx, "update batches set leased_until = $3 where batch_id = $1 and leased_by = $2 and state = 'running'", id, node, until)
		if err != nil {
			return err
		}
		if held.RowsAffected() == 0 {
			return gateway.Fail(gateway.Conflict, "batch-lost", "Another node works on this batch by now, or it has ended.")
		}
		updates := &pgx.Batch{}
		for _, m := range members {
			updates.Queue(`
				update batch_members set state = $3, attempts = $4, due_at = $5, code = $6, result = $7,
					asked = case when $3 = 'waiting' then asked end
				where batch_id = $1 and position = $2 and state = 'waiting'`,
				id, m.Position, string(m.State), m.Attempts, m.Due, m.Code, m.Result)
		}
		return tx.SendBatch(ctx, updates).Close()
	})
}

// Finish ends a batch of which nobody waits; "" where it was ended before.
func (b *Batches) Finish(ctx context.Context, id string, entry ledger.Entry) (pending string, err error) {
	err = b.db.inTx(ctx, func(tx pgx.Tx) error {
		pending = ""
		done, err := tx.Exec(ctx, `
			update batches set state = 'done' where batch_id = $1 and state = 'running'
				and not exists (select from batch_members m where m.batch_id = $1 and m.state = 'waiting')`, id)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, "")
		return err
	})
	return pending, err
}

// Unfetched lists results that are there.
func (b *Batches) Unfetched(ctx context.Context, id string, limit int) ([]batch.Member, error) {
	rows, err := b.db.pool.Query(ctx, `
		select position, state, code, result from batch_members
		where batch_id = $1 and result is not null order by position limit $2`, id, limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m batch.Member, err error) {
		err = row.Scan(&m.Position, &m.State, &m.Code, &m.Result)
		return m, err
	})
	return found, explain(err)
}

// Fetched forgets results; with the last one the batch is closed.
func (b *Batches) Fetched(ctx context.Context, id string, positions []int, _ time.Time) error {
	return b.db.inTx(ctx, func(tx pgx.Tx) error {
		var state batch.State
		if err := tx.QueryRow(ctx, "select state from batches where batch_id = $1 for update", id).Scan(&state); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update batch_members set result = null, fetched = true where batch_id = $1 and position = any($2)", id, positions); err != nil {
			return err
		}
		var left bool
		if err := tx.QueryRow(ctx, "select exists (select from batch_members where batch_id = $1 and not fetched)", id).Scan(&left); err != nil {
			return err
		}
		if left || state != batch.Ended {
			return nil
		}
		return forgetBatch(ctx, tx, id, batch.Closed)
	})
}

// forgetBatch drops a batch's people and its key; the counts stay.
func forgetBatch(ctx context.Context, tx pgx.Tx, id string, state batch.State) error {
	for _, statement := range []string{
		`update batches b set state = $2, sealed = null, released = m.released, refused = m.refused, fetched = m.fetched
		from (select count(*) filter (where state = 'released') as released, count(*) filter (where state = 'refused') as refused,
			count(*) filter (where fetched) as fetched from batch_members where batch_id = $1) m where b.batch_id = $1`,
		"delete from batch_members where batch_id = $1 and $2 <> ''",
		"delete from person_keys where owner = 'batch:' || $1 and use = 'batch' and $2 <> ''",
	} {
		if _, err := tx.Exec(ctx, statement, id, string(state)); err != nil {
			return err
		}
	}
	return nil
}

// Expire forgets one batch whose time is up.
func (b *Batches) Expire(ctx context.Context, now time.Time, entry func(batch.Batch) ledger.Entry) (pending string, found bool, err error) {
	err = b.db.inTx(ctx, func(tx pgx.Tx) error {
		found = false
		var id string
		err := tx.QueryRow(ctx, `
			select batch_id from batches where state in ('running', 'done') and expires_at <= $1
			order by expires_at limit 1 for update skip locked`, now).Scan(&id)
		if noRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		ended, err := readBatch(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := forgetBatch(ctx, tx, id, batch.Expired); err != nil {
			return err
		}
		found = true
		pending, err = pendEntry(ctx, tx, entry(ended), "")
		return err
	})
	return pending, found, err
}
