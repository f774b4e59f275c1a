package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"kapok/gateway/grants"
	"kapok/gateway/ledger"
)

// Workflow keeps matters and grants, and enqueues the jobs that their clocks ring by.
type Workflow struct {
	*DB
	alarms alarms
}

// alarms writes clocks with the jobs that they ring by.
type alarms struct {
	jobs  *river.Client[pgx.Tx]
	clock func() time.Time
}

// Workflow opens the store. clock is the one by which terms run.
func (db *DB) Workflow(clock func() time.Time) (*Workflow, error) {
	jobs, err := river.NewClient(riverpgxv5.New(db.pool), &river.Config{Schema: riverSchema, Logger: db.log})
	if err != nil {
		return nil, err
	}
	return &Workflow{DB: db, alarms: alarms{jobs: jobs, clock: clock}}, nil
}

// InsertMatter files a matter: its first event, its clocks with their jobs and its
// entry for the ledger are one transaction.
func (w *Workflow) InsertMatter(ctx context.Context, m grants.Matter, entry ledger.Entry) (pending string, err error) {
	alarms := w.alarms
	err = w.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			insert into matters (matter_id, kind, applicant, subject_ref, provider, item, about, filed_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			m.ID, m.Kind, m.Applicant, m.Subject, m.Provider, m.Item, m.About, m.FiledAt); err != nil {
			return err
		}
		if err := alarms.happen(ctx, tx, m, m.Events); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, m.Subject)
		return err
	})
	return pending, err
}

// ChangeMatter reads a matter, lets change say what happens to it, and writes that
// with its entry. When another was faster, change is asked again on what they left.
func (w *Workflow) ChangeMatter(ctx context.Context, id string, change func(grants.Matter) (grants.Change, error)) (m grants.Matter, pending string, err error) {
	alarms := w.alarms
	err = w.inTx(ctx, func(tx pgx.Tx) error {
		pending = ""
		found, err := readMatters(ctx, tx, []string{id})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return matterUnknown()
		}
		made, err := change(found[0])
		m = made.Matter
		if err != nil || len(made.New) == 0 {
			return err
		}
		if err := alarms.happen(ctx, tx, m, made.New); err != nil {
			return err
		}
		if err := issueGrant(ctx, tx, made); err != nil {
			return err
		}
		if pending, err = pendEntry(ctx, tx, made.Entry, m.Subject); err != nil {
			return err
		}
		return replaceGrant(ctx, tx, made)
	})
	return m, pending, err
}

// happen writes events and clocks. Of two at once the second finds the place of its
// event taken and begins again.
func (a alarms) happen(ctx context.Context, tx pgx.Tx, m grants.Matter, events []grants.Happened) error {
	for _, e := range events {
		done, err := tx.Exec(ctx, `
			insert into matter_events (matter_id, seq, event, state, at, side, actor, person, department, reason_code, reason, document)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
			m.ID, e.Seq, e.Event, e.State, e.At, e.Side, e.By.Ref, e.By.SubjectRef, e.By.Department, e.ReasonCode, e.Reason, jsonOrNull(e.Document))
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return errAgain
		}
	}
	for _, c := range m.Clocks {
		if err := a.writeClock(ctx, tx, m.ID, c); err != nil {
			return err
		}
	}
	return nil
}

// writeClock keeps a clock and, where it now rings at another time, enqueues the job
// for it. A job of the time before finds nothing to do.
func (a alarms) writeClock(ctx context.Context, tx pgx.Tx, matter string, c grants.Clock) error {
	var before *time.Time
	err := tx.QueryRow(ctx, "select rings from matter_clocks where matter_id = $1 and name = $2", matter, c.Name).Scan(&before)
	if err != nil && !noRows(err) {
		return err
	}
	if _, err := tx.Exec(ctx, `
		insert into matter_clocks (matter_id, name, owes, law, days, used, counted, due, state, late, rung, rings)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (matter_id, name) do update set owes = $3, law = $4, days = $5, used = $6, counted = $7,
			due = $8, state = $9, late = $10, rung = $11, rings = $12`,
		matter, c.Name, c.Owes, c.Law, c.Days, c.Used, c.From, orNull(c.Due), c.State, c.Late, c.Rung, orNull(c.Rings)); err != nil {
		return err
	}
	if c.Rings.IsZero() || before != nil && before.Equal(c.Rings) {
		return nil
	}
	_, err = a.jobs.InsertTx(ctx, plain(tx), ringArgs{Matter: matter, Clock: c.Name},
		&river.InsertOpts{ScheduledAt: time.Now().Add(c.Rings.Sub(a.clock()))})
	return err
}

// plain is the transaction as a library wants it, which may set savepoints in it.
func plain(tx pgx.Tx) pgx.Tx {
	if flat, ok := tx.(flatTx); ok {
		return flat.Tx
	}
	return tx
}

// Matter reads one matter; NotFound, matter-unknown.
func (w *Workflow) Matter(ctx context.Context, id string) (grants.Matter, error) {
	found, err := readMatters(ctx, w.pool, []string{id})
	if err != nil {
		return grants.Matter{}, explain(err)
	}
	if len(found) == 0 {
		return grants.Matter{}, matterUnknown()
	}
	return found[0], nil
}

// Matters lists matters, newest first, limit at a time; next is the after of the page
// that follows.
func (w *Workflow) Matters(ctx context.Context, f grants.Filter, after string, limit int) (page []grants.Matter, next string, err error) {
	rows, err := w.pool.Query(ctx, `
		select matter_id from matters m
		where ($1 = '' or kind = $1) and ($2 = '' or applicant = $2) and ($3 = '' or provider = $3)
			and ($4 = '' or subject_ref = $4) and ($5 = '' or applicant = $5 or provider = $5)
			and ($6 = '' or $6 = (select state from matter_events e where e.matter_id = m.matter_id order by seq desc limit 1))
			and (not $7 or exists (select from matter_clocks c where c.matter_id = m.matter_id and c.state <> 'done'))
			and ($8::timestamptz is null or exists (
				select from matter_clocks c where c.matter_id = m.matter_id and c.state = 'running' and c.due <= $8))
			and ($9 = '' or (filed_at, matter_id) < (select filed_at, matter_id from matters where matter_id = $9))
		order by filed_at desc, matter_id desc limit $10`,
		f.Kind, f.Applicant, f.Provider, f.Subject, f.Either, f.State, f.Open, orNull(f.LateAt), after, limit+1)
	if err != nil {
		return nil, "", explain(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, "", explain(err)
	}
	if len(ids) > limit {
		ids, next = ids[:limit], ids[limit-1]
	}
	page, err = readMatters(ctx, w.pool, ids)
	return page, next, explain(err)
}
