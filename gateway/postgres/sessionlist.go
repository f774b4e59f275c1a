package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// OpenSession is one place where a person is signed in.
type OpenSession struct {
	ID      string // 16 hex digits
	Device  string
	Level   string
	Begun   time.Time
	Expires time.Time
	Current bool // it is the one that asks
}

// sameSessions are those of the person who holds a session: a citizen by their reference, a
// member of staff by what the provider calls them.
const sameSessions = `
	from sessions s, sessions mine
	where mine.token_sm3 = $1 and s.subject_ref = mine.subject_ref and s.issuer = mine.issuer and s.subject = mine.subject
		and s.ended_at is null and s.expires_at > now()`

// OpenSessions lists where the person who holds a session is signed in, the latest first.
func (db *DB) OpenSessions(ctx context.Context, token [32]byte) ([]OpenSession, error) {
	rows, err := db.pool.Query(ctx, `
		select encode(substr(s.token_sm3, 1, 8), 'hex'), s.device, s.level, s.begun_at, s.expires_at, s.token_sm3 = $1`+sameSessions+`
		order by s.begun_at desc, 1 limit 100`, token[:])
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OpenSession])
	return found, explain(err)
}

// EndOwnSession ends one of the person's sessions, on all nodes; found is false where they
// have no such.
func (db *DB) EndOwnSession(ctx context.Context, token [32]byte, id string) (found bool, err error) {
	done, err := db.pool.Exec(ctx, `
		update sessions set ended_at = now() where ended_at is null and token_sm3 in (
			select s.token_sm3`+sameSessions+` and encode(substr(s.token_sm3, 1, 8), 'hex') = $2)`, token[:], id)
	return done.RowsAffected() > 0, explain(err)
}

// EndOtherSessions ends every session of the person but the one that asks.
func (db *DB) EndOtherSessions(ctx context.Context, token [32]byte) error {
	_, err := db.pool.Exec(ctx, `
		update sessions set ended_at = now() where ended_at is null and token_sm3 <> $1 and token_sm3 in (select s.token_sm3`+sameSessions+`)`, token[:])
	return explain(err)
}
