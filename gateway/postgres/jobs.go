package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"kapok/gateway"
	"kapok/gateway/grants"
)

// riverSchema holds River's tables, apart from ours.
const riverSchema = "river"

// riverLock keeps nodes that start together from migrating River's tables at once.
const riverLock = 0x6b61706f6b // "kapok"

func (db *DB) migrateJobs(ctx context.Context) error {
	return db.holding(ctx, riverLock, func() error {
		migrator, err := rivermigrate.New(riverpgxv5.New(db.pool), &rivermigrate.Config{Schema: riverSchema, Logger: db.log})
		if err != nil {
			return err
		}
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
}

// holding runs fn while this session holds an advisory lock.
func (db *DB) holding(ctx context.Context, lock int64, fn func() error) error {
	session, err := db.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer session.Release()
	if _, err := session.Exec(ctx, "select pg_advisory_lock($1)", lock); err != nil {
		return err
	}
	err = fn()
	_, unlock := session.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", lock)
	return errors.Join(err, unlock)
}

// ringArgs is a job: a clock of a matter rings.
type ringArgs struct {
	Matter string `json:"matter"`
	Clock  string `json:"clock"`
}

// Kind names the job.
func (ringArgs) Kind() string { return "clock-rings" }

// sweepArgs is a job: every clock that should have rung does, whatever became of its
// own job.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "clocks-sweep" }

// reviewArgs is a job: uses are rolled up, and what was never used is reported, once a
// month for each grant.
type reviewArgs struct{}

// Kind names the job.
func (reviewArgs) Kind() string { return "unused-rights" }

// Work is what the jobs do: see [grants.Service].
type Work interface {
	Ring(ctx context.Context, matter, clock string) error
	Review(ctx context.Context, g grants.Grant, u grants.Usage) (grants.Matter, bool, error)
}

// rollArgs is a job: what the logs gained is added up, and people are told of it.
type rollArgs struct{}

// Kind names the job.
func (rollArgs) Kind() string { return "uses-roll-up" }

const (
	rollEvery   = 15 * time.Second
	sweepEvery  = time.Minute
	reviewEvery = 24 * time.Hour
	atOnce      = 200 // matters or grants that one job looks at
	jobWorkers  = 4
)

// StartJobs works on the jobs that any node enqueued, each on one node, until stop is
// called.
func (w *Workflow) StartJobs(ctx context.Context, node string, work Work, replays Replays, pushes Pushes) (stop func(context.Context) error, err error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[ringArgs]) error {
		return unlessGone(work.Ring(ctx, job.Args.Matter, job.Args.Clock))
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[sweepArgs]) error { return w.RingDue(ctx, work) }))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[reviewArgs]) error { return w.ReviewUnused(ctx, work) }))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[rollArgs]) error { return w.RollUpUses(ctx) }))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[replayArgs]) error {
		return replays.RunReplay(ctx, job.Args.Replay)
	}))
	addPushes(workers, w.DB, pushes)
	client, err := river.NewClient(riverpgxv5.New(w.pool), &river.Config{
		ID: fmt.Sprintf("%.80s", node), Schema: riverSchema, Logger: w.log, Workers: workers,
		Queues:       map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: jobWorkers}, pushQueue: {MaxWorkers: pushWorkers}},
		PeriodicJobs: []*river.PeriodicJob{periodic(rollEvery, rollArgs{}), periodic(sweepEvery, sweepArgs{}), periodic(sweepEvery, pushSweepArgs{}), periodic(reviewEvery, reviewArgs{})},
	})
	if err != nil {
		return nil, err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	return client.Stop, nil
}

// periodic is enqueued by the node that leads, once for each period.
func periodic(every time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(every), func() (river.JobArgs, *river.InsertOpts) {
		return args, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: every}}
	}, &river.PeriodicJobOpts{RunOnStart: true})
}

// unlessGone takes a matter that does not exist for a job that is done.
func unlessGone(err error) error {
	if err != nil && gateway.AsError(err).Code == "matter-unknown" {
		return nil
	}
	return err
}

// RingDue rings every clock that is due, in the order in which they are.
func (w *Workflow) RingDue(ctx context.Context, work Work) error {
	rows, err := w.pool.Query(ctx, `
		select matter_id, name from matter_clocks where state = 'running' and rings <= $1 order by rings limit $2`, w.alarms.clock(), atOnce)
	if err != nil {
		return explain(err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ringArgs])
	if err != nil {
		return explain(err)
	}
	var failed error
	for _, one := range due {
		failed = errors.Join(failed, unlessGone(work.Ring(ctx, one.Matter, one.Clock)))
	}
	return failed
}
