package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// pushArgs is a job: the next push of a case goes out.
type pushArgs struct {
	Subscription string `json:"subscription"`
	Position     int    `json:"position"`
}

// Kind names the job.
func (pushArgs) Kind() string { return "push" }

// pushSweepArgs is a job: pushes whose own job was lost go out.
type pushSweepArgs struct{}

// Kind names the job.
func (pushSweepArgs) Kind() string { return "pushes-sweep" }

// Pushes delivers: see [subscriptions.Service].
type Pushes interface {
	Deliver(ctx context.Context, subscription string, position int) (again time.Duration, err error)
}

const (
	pushQueue   = "pushes"
	pushWorkers = 16
	inARow      = 20              // pushes of one case that one job delivers
	shortWait   = 2 * time.Second // River looks for scheduled jobs every 5 s; what is due sooner is waited for
)

func addPushes(workers *river.Workers, db *DB, pushes Pushes) {
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[pushArgs]) error {
		return deliverCase(ctx, pushes, job.Args)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[pushSweepArgs]) error {
		return db.deliverLost(ctx, pushes)
	}))
}

// deliverCase delivers what is due of one case. What comes later has a job of its own.
func deliverCase(ctx context.Context, pushes Pushes, one pushArgs) error {
	for range inARow {
		again, err := pushes.Deliver(ctx, one.Subscription, one.Position)
		if err != nil || again == 0 || again > shortWait {
			return err
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
	return nil
}

// pushesKept is how long what became of a push is remembered.
const pushesKept = 90 * 24 * time.Hour

// deliverLost delivers what is overdue, as after a node was killed, and forgets what was
// settled long ago. Dead letters stay: they wait for somebody.
func (db *DB) deliverLost(ctx context.Context, pushes Pushes) error {
	for _, statement := range []string{
		"delete from subscription_pushes where state in ('delivered', 'refused', 'requeued') and since < $1",
		"delete from item_changes where spread_at < $1",
	} {
		if _, err := db.pool.Exec(ctx, statement, time.Now().Add(-pushesKept)); err != nil {
			return explain(err)
		}
	}
	rows, err := db.pool.Query(ctx, `
		select distinct subscription_id, position from subscription_pushes
		where state = 'waiting' and due_at < now() - interval '1 minute' and leased_until < now() limit $1`, atOnce)
	if err != nil {
		return explain(err)
	}
	lost, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pushArgs])
	if err != nil {
		return explain(err)
	}
	var failed error
	for _, one := range lost {
		failed = errors.Join(failed, deliverCase(ctx, pushes, one))
	}
	return failed
}
