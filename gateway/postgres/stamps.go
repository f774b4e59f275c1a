package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// KeptStamp is a time-stamp of a log's checkpoint.
type KeptStamp struct {
	Size  uint64
	At    time.Time
	Token []byte
}

// KeepStamp stores a time-stamp.
func (l *Ledger) KeepStamp(ctx context.Context, origin string, stamp KeptStamp) error {
	_, err := l.db.pool.Exec(ctx, `insert into ledger_stamps (origin, size, at, token) values ($1, $2, $3, $4) on conflict do nothing`,
		origin, int64(stamp.Size), stamp.At, stamp.Token)
	return explain(err)
}

// StampAfter returns the earliest time-stamp of a checkpoint that covers the entry;
// nil when there is none yet.
func (l *Ledger) StampAfter(ctx context.Context, origin string, index uint64) (*KeptStamp, error) {
	rows, err := l.db.pool.Query(ctx, `
		select size, at, token from ledger_stamps where origin = $1 and size > $2 order by size, at limit 1`, origin, int64(index))
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[KeptStamp])
	if err != nil || len(found) == 0 {
		return nil, explain(err)
	}
	return &found[0], nil
}
