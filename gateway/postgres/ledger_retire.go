package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
)

// Retire is as [ledger.Endings] has it.
func (l *Ledger) Retire(ctx context.Context, lease ledger.Lease) error {
	retired, err := l.db.pool.Exec(ctx, `
		update ledger_origins set retired_at = clock_timestamp(), lease_token = '', lease_until = clock_timestamp()
		where origin = $1 and lease_token = $2 and retired_at is null`, lease.Origin, lease.Token)
	if err != nil {
		return explain(err)
	}
	if retired.RowsAffected() == 0 {
		return ledger.ErrLeaseLost
	}
	return nil
}

// Estates lists logs whose lease ended without being given up, or that were left
// with unsettled intents; for a [closing.Watcher].
func (l *Ledger) Estates(ctx context.Context) ([]closing.Estate, error) {
	rows, err := l.db.pool.Query(ctx, `
		select origin, node, lease_token from ledger_origins log
		where origin <> $1 and retired_at is null and lease_until < clock_timestamp()
			and (lease_token <> '' or exists (select from ledger_open open where open.origin = log.origin))
		order by origin`, bookOfStops)
	if err != nil {
		return nil, explain(err)
	}
	estates, err := pgx.CollectRows(rows, pgx.RowToStructByPos[closing.Estate])
	return estates, explain(err)
}

// Head returns the last checkpoint of a log and whether the log is retired; "" and
// false when there is none.
func (l *Ledger) Head(ctx context.Context, origin string) (checkpoint string, retired bool, err error) {
	rows, err := l.db.pool.Query(ctx, `
		select coalesce(head.note, ''), log.retired_at is not null
		from ledger_origins log
		left join ledger_checkpoints head on head.origin = log.origin and head.size = log.size
		where log.origin = $1`, origin)
	if err != nil {
		return "", false, explain(err)
	}
	_, err = pgx.ForEachRow(rows, []any{&checkpoint, &retired}, func() error { return nil })
	return checkpoint, retired, explain(err)
}
