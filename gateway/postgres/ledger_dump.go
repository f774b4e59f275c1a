package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

var (
	_ ledger.Records = (*Ledger)(nil)
	_ ledger.Heads   = (*Ledger)(nil)
)

// Entries is as [ledger.Records] has it: rows come one at a time from the archive, and
// then from the server. What is handed out is valid until each returns.
func (l *Ledger) Entries(ctx context.Context, origin string, first, end uint64, each func(index uint64, encoded []byte) error) error {
	upto, err := pruned(ctx, l.db.pool, origin)
	if err == nil && first < upto {
		err = shelved(l.db.shelf.Entries(origin, first, min(end, upto), each))
	}
	if err != nil {
		return err
	}
	rows, err := l.db.pool.Query(ctx, `
		select idx, entry from ledger_entries where origin = $1 and idx >= $2 and idx < $3 order by idx`,
		origin, int64(first), int64(end))
	if err != nil {
		return explain(err)
	}
	var index int64
	var encoded []byte
	_, err = pgx.ForEachRow(rows, []any{&index, &encoded}, func() error { return each(uint64(index), encoded) })
	return explain(err)
}

// Notes is as [ledger.Records] has it.
func (l *Ledger) Notes(ctx context.Context, origin string, first, end uint64, each func(note string) error) error {
	upto, err := pruned(ctx, l.db.pool, origin)
	if err == nil && first+1 < upto {
		err = shelved(l.db.shelf.Notes(origin, first, min(end, upto-1), each))
	}
	if err != nil {
		return err
	}
	rows, err := l.db.pool.Query(ctx, `
		select note from ledger_checkpoints where origin = $1 and size > $2 and size <= $3 order by size`,
		origin, int64(first), int64(end))
	if err != nil {
		return explain(err)
	}
	var note string
	_, err = pgx.ForEachRow(rows, []any{&note}, func() error { return each(note) })
	return explain(err)
}

// Chain returns the certificates of an operational key of that log, the root last;
// ledger.ErrNoEntry when the key is not known.
func (l *Ledger) Chain(ctx context.Context, origin, key string) ([][]byte, error) {
	var chain [][]byte
	err := l.db.pool.QueryRow(ctx, `select chain from ledger_keys where origin = $1 and key = $2`, origin, key).Scan(&chain)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ledger.ErrNoEntry
	}
	return chain, explain(err)
}

// HeadAt is as [ledger.Heads] has it.
func (l *Ledger) HeadAt(ctx context.Context, origin string, size uint64) (string, error) {
	var note string
	err := l.db.pool.QueryRow(ctx, `
		select note from ledger_checkpoints
		where origin = $1 and ($2 = 0 or size = $2) order by size desc limit 1`, origin, int64(size)).Scan(&note)
	if errors.Is(err, pgx.ErrNoRows) && size > 0 {
		err = l.Notes(ctx, origin, size-1, size, func(found string) error {
			note = found
			return nil
		})
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return note, explain(err)
}

// Consistency proves that the latest checkpoint of a log continues its tree of that
// size. A log that is not there, or empty, is NotFound, ledger-log-unknown.
func (l *Ledger) Consistency(ctx context.Context, origin string, from uint64) (ledger.Consistency, error) {
	head, err := l.HeadAt(ctx, origin, 0)
	if err != nil {
		return ledger.Consistency{}, err
	}
	if head == "" {
		return ledger.Consistency{}, gateway.Fail(gateway.NotFound, "ledger-log-unknown", "There is no such log, or nothing is sealed in it yet.")
	}
	return ledger.ProveConsistency(ctx, l, origin, from, 0)
}
