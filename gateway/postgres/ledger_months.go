package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// LedgerMonth is what one log sealed in one month (UTC): the entries from First to
// below Size.
type LedgerMonth struct {
	Origin      string
	Month       time.Time
	First, Size uint64
}

// Months lists, for each log, which indices it sealed in which month.
func (l *Ledger) Months(ctx context.Context) ([]LedgerMonth, error) {
	rows, err := l.db.pool.Query(ctx, `
		select origin, month, first, lead(first, 1, size) over (partition by origin order by month)
		from ledger_months join ledger_origins using (origin) order by origin, month`)
	if err != nil {
		return nil, explain(err)
	}
	months, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LedgerMonth])
	return months, explain(err)
}

// ToArchive is the range of a log that an archive up to a month would hold: from where
// the database begins to the last checkpoint that was sealed before that month (UTC).
func (l *Ledger) ToArchive(ctx context.Context, origin string, month time.Time) (ledger.Range, error) {
	first, err := pruned(ctx, l.db.pool, origin)
	if err != nil {
		return ledger.Range{}, err
	}
	var size int64
	err = l.db.pool.QueryRow(ctx, `
		select coalesce((select first from ledger_months month where month.origin = log.origin and month.month >= $2 order by month limit 1), size)
		from ledger_origins log where origin = $1 and origin <> ''`, origin, month).Scan(&size)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Range{}, gateway.Fail(gateway.NotFound, "ledger-log-unknown", "There is no such log.")
	}
	if err == nil && uint64(size) <= first {
		return ledger.Range{}, gateway.Fail(gateway.Conflict, "archive-empty", "Nothing of this log was sealed before that month that is not archived and deleted already.")
	}
	return ledger.Range{Origin: origin, First: first, Size: uint64(size)}, explain(err)
}
