package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"kapok/gateway"
	"kapok/gateway/publishing"
)

// replayArgs is a job: a changed set of policies decides again what was decided.
type replayArgs struct {
	Replay string `json:"replay"`
}

// Kind names the job.
func (replayArgs) Kind() string { return "policy-replay" }

// Replays is what the job does: see [publishing.Service].
type Replays interface {
	RunReplay(ctx context.Context, id string) error
}

// BeginReplay keeps a replay and enqueues its job, which any node works on.
func (w *Workflow) BeginReplay(ctx context.Context, r publishing.Replay) error {
	jobs := w.alarms.jobs
	return w.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			insert into policy_replays (id, content, digest, based, since, requested_by, requested_at, state)
			values ($1, $2, $3, $4, $5, $6, $7, 'waiting')`,
			r.ID, r.Content, r.Digest, r.Based, r.Since, r.RequestedBy, r.RequestedAt); err != nil {
			return err
		}
		_, err := jobs.InsertTx(ctx, plain(tx), replayArgs{r.ID}, &river.InsertOpts{MaxAttempts: replayAttempts})
		return err
	})
}

// replayAttempts is how often a replay is tried; the last failure ends it.
const replayAttempts = 3

// EndReplay keeps what came of a replay; an ended one stays as it is.
func (db *DB) EndReplay(ctx context.Context, id string, state publishing.ReplayState, report, digest string, at time.Time) error {
	_, err := db.pool.Exec(ctx, `
		update policy_replays set state = $2, report = nullif($3, ''), report_sm3 = $4, done_at = $5 where id = $1 and state = 'waiting'`,
		id, string(state), report, digest, at)
	return explain(err)
}

const selectReplay = `select id, content, digest, based, since, requested_by, requested_at, state, coalesce(report, ''), report_sm3 from policy_replays `

func scanReplay(row pgx.Row) (r publishing.Replay, err error) {
	err = row.Scan(&r.ID, &r.Content, &r.Digest, &r.Based, &r.Since, &r.RequestedBy, &r.RequestedAt, &r.State, &r.Report, &r.ReportDigest)
	return r, err
}

// Replay reads a replay; NotFound, replay-unknown.
func (db *DB) Replay(ctx context.Context, id string) (publishing.Replay, error) {
	r, err := scanReplay(db.pool.QueryRow(ctx, selectReplay+"where id = $1", id))
	return r, orUnknown(err, gateway.Fail(gateway.NotFound, "replay-unknown", "There is no such replay."))
}
