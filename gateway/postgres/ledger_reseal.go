package postgres

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// Resealed finds the earliest entry by which a checkpoint of a log, of that size or a
// larger one, was sealed again, and the size of that checkpoint; found is false where
// there is none. There are some a year.
func (l *Ledger) Resealed(ctx context.Context, origin string, from uint64) (at LedgerEntry, size uint64, found bool, err error) {
	rows, err := l.db.pool.Query(ctx, `
		select at, origin, idx from ledger_places where kind = 'checkpoint-resealed' order by at, origin, idx`)
	if err != nil {
		return LedgerEntry{}, 0, false, explain(err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LedgerPlace])
	if err != nil {
		return LedgerEntry{}, 0, false, explain(err)
	}
	entries, err := l.entriesAt(ctx, places)
	if err != nil {
		return LedgerEntry{}, 0, false, err
	}
	for _, one := range entries {
		size, err := strconv.ParseUint(one.Entry.Value("size"), 10, 64)
		if err == nil && size >= from && one.Entry.Value("origin") == origin && one.Entry.Kind == ledger.ResealKind {
			return one, size, true, nil
		}
	}
	return LedgerEntry{}, 0, false, nil
}
