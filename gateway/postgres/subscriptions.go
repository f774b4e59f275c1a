package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"kapok/crypto/keys"
	"kapok/gateway/ledger"
	"kapok/gateway/subscriptions"
)

// Subscriptions keeps who is told of changes, and enqueues the jobs that deliver. It
// implements [subscriptions.Store].
type Subscriptions struct {
	db   *DB
	jobs *river.Client[pgx.Tx]
}

// Subscriptions opens the store.
func (db *DB) Subscriptions() (*Subscriptions, error) {
	jobs, err := river.NewClient(riverpgxv5.New(db.pool), &river.Config{Schema: riverSchema, Logger: db.log})
	if err != nil {
		return nil, err
	}
	return &Subscriptions{db, jobs}, nil
}

// Subscribe keeps a subscription with its cases and its key.
func (s *Subscriptions) Subscribe(ctx context.Context, made subscriptions.Subscription, cases []subscriptions.Case, key keys.WrappedKey, entry ledger.Entry) (pending string, err error) {
	refs, sealed := make([]string, len(cases)), make([][]byte, len(cases))
	for i, one := range cases {
		refs[i], sealed[i] = one.SubjectRef, one.Sealed
	}
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into subscriptions (subscription_id, system, department, item, sealed, placed_at) values ($1, $2, $3, $4, $5, $6)`,
			made.ID, made.System, made.Department, made.Item, made.Order, made.Placed); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into person_keys (owner, use, wrapped) values ($1, $2, $3)",
			subscriptions.KeyOwner(made.ID), string(subscriptions.OrderKey), []byte(key)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			insert into subscription_cases (subscription_id, position, subject_ref, sealed)
			select $1, place - 1, ref, sealed from unnest($2::text[], $3::bytea[]) with ordinality as cases (ref, sealed, place)`, made.ID, refs, sealed); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, "")
		return err
	})
	return pending, err
}

// SubscriptionKey finds the wrapped key of a subscription; nil when it is gone.
func (s *Subscriptions) SubscriptionKey(ctx context.Context, id string) (keys.WrappedKey, error) {
	return s.db.PersonKey(ctx, subscriptions.KeyOwner(id), subscriptions.OrderKey)
}

// Subscription finds one with its counts; NotFound, subscription-unknown.
func (s *Subscriptions) Subscription(ctx context.Context, id string) (found subscriptions.Subscription, err error) {
	c := &found.Counts
	err = s.db.pool.QueryRow(ctx, `
		select subscription_id, system, department, item, sealed, placed_at, ended_at is not null, c.cases, p.waiting, p.delivered, p.dead, p.refused
		from subscriptions s
		cross join lateral (
			select count(*) as cases from subscription_cases c where c.subscription_id = s.subscription_id
		) c
		cross join lateral (
			select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'delivered') as delivered,
				count(*) filter (where state = 'dead') as dead, count(*) filter (where state = 'refused') as refused
			from subscription_pushes p where p.subscription_id = s.subscription_id
		) p where subscription_id = $1`, id).
		Scan(&found.ID, &found.System, &found.Department, &found.Item, &found.Order, &found.Placed, &found.Ended,
			&c.Cases, &c.Waiting, &c.Delivered, &c.Dead, &c.Refused)
	return found, explain(orUnknown(err, subscriptions.Unknown()))
}

// End ends a subscription with what waits of it, and destroys the key of whom it was about.
func (s *Subscriptions) End(ctx context.Context, id string, entry ledger.Entry) (pending string, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		pending = ""
		done, err := tx.Exec(ctx, "update subscriptions set ended_at = $2 where subscription_id = $1 and ended_at is null", id, entry.At)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, "delete from person_keys where owner = $1 and use = $2", subscriptions.KeyOwner(id), string(subscriptions.OrderKey)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update subscription_pushes set state = 'refused', code = 'subscription-ended', since = $2 where subscription_id = $1 and state = 'waiting'", id, entry.At); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, "")
		return err
	})
	return pending, err
}

// DeadLetters lists those that nobody took, the latest first.
func (s *Subscriptions) DeadLetters(ctx context.Context, id string, limit int) ([]subscriptions.Letter, error) {
	rows, err := s.db.pool.Query(ctx, `
		select position, seq, state, attempts, code, since from subscription_pushes
		where subscription_id = $1 and state = 'dead' order by since desc, position, seq limit $2`, id, limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[subscriptions.Letter])
	return found, explain(err)
}

// Redeliver puts the dead letters at the end of their cases' queues again.
func (s *Subscriptions) Redeliver(ctx context.Context, id string, entry ledger.Entry) (pending string, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			with gone as (
				update subscription_pushes set state = 'requeued', since = $2 where subscription_id = $1 and state = 'dead' returning position
			) select position from gone group by position order by position`, id, entry.At)
		if err != nil {
			return err
		}
		positions, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return err
		}
		for _, position := range positions {
			if err := s.push(ctx, tx, id, position, entry.At); err != nil {
				return err
			}
		}
		pending, err = pendEntry(ctx, tx, entry, "")
		return err
	})
	return pending, err
}

// push adds a message to a case's queue, with the job that delivers it.
func (s *Subscriptions) push(ctx context.Context, tx pgx.Tx, id string, position int, at time.Time) error {
	var seq int64
	err := tx.QueryRow(ctx, `
		update subscription_cases set next_seq = next_seq + 1 where subscription_id = $1 and position = $2
		returning next_seq - 1`, id, position).Scan(&seq)
	if noRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		insert into subscription_pushes (subscription_id, position, seq, state, due_at, since) values ($1, $2, $3, 'waiting', $4, $4)`,
		id, position, seq, at); err != nil {
		return err
	}
	return s.job(ctx, tx, id, position, time.Time{})
}

func (s *Subscriptions) job(ctx context.Context, tx pgx.Tx, id string, position int, at time.Time) error {
	_, err := s.jobs.InsertTx(ctx, plain(tx), pushArgs{id, position}, &river.InsertOpts{Queue: pushQueue, ScheduledAt: at})
	return err
}

// TakePush hands the next push of a case out; one at a time, in their order.
func (s *Subscriptions) TakePush(ctx context.Context, id string, position int, now, until time.Time) (*subscriptions.Push, error) {
	p := subscriptions.Push{Position: position, State: subscriptions.Waiting}
	sub := &p.Subscription
	err := s.db.pool.QueryRow(ctx, `
		with head as (
			select seq from subscription_pushes where subscription_id = $1 and position = $2 and state = 'waiting' order by seq limit 1
		), taken as (
			update subscription_pushes p set leased_until = $4, attempts = attempts + 1 from head
			where p.subscription_id = $1 and p.position = $2 and p.seq = head.seq and p.state = 'waiting' and due_at <= $3 and leased_until < $3
			returning p.seq, attempts
		)
		select taken.seq, taken.attempts, c.sealed, s.subscription_id, s.system, s.department, s.item, s.sealed
		from taken, subscription_cases c, subscriptions s
		where c.subscription_id = $1 and c.position = $2 and s.subscription_id = $1 and s.ended_at is null`, id, position, now, until).
		Scan(&p.Seq, &p.Attempts, &p.Case, &sub.ID, &sub.System, &sub.Department, &sub.Item, &sub.Order)
	if noRows(err) {
		return nil, nil
	}
	return &p, explain(err)
}

// Settle keeps what became of a push.
func (s *Subscriptions) Settle(ctx context.Context, p subscriptions.Push, now time.Time) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		due := p.Due
		if p.State != subscriptions.Waiting {
			due = now
		}
		if _, err := tx.Exec(ctx, `
			update subscription_pushes set state = $4, due_at = $5, code = $6, ref = $7, since = $8, leased_until = '-infinity'
			where subscription_id = $1 and position = $2 and seq = $3 and state = 'waiting'`,
			p.Subscription.ID, p.Position, p.Seq, string(p.State), due, p.Code, p.Ref, now); err != nil {
			return err
		}
		return s.job(ctx, tx, p.Subscription.ID, p.Position, due)
	})
}
