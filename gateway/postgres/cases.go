package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// TellCase opens or closes a case, with its entry for the ledger. A closed case never
// opens again, so a message that comes twice, or late, changes nothing; pending is ""
// then.
func (db *DB) TellCase(ctx context.Context, c exchange.Case, entry ledger.Entry) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pending = ""
		var closed *time.Time
		if c.Closed {
			closed = &entry.At
		}
		done, err := tx.Exec(ctx, `
			insert into cases as c (department, service_item, case_no, opened_at, closed_at) values ($1, $2, $3, $4, $5)
			on conflict (department, service_item, case_no) do update set closed_at = $5 where c.closed_at is null and $5::timestamptz is not null`,
			c.Department, c.ServiceItem, c.Number, entry.At, closed)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, "")
		return err
	})
	return pending, err
}

// CaseKnown looks a case up in its source, in one round trip.
func (db *DB) CaseKnown(ctx context.Context, department, serviceItem, number string) (state exchange.CaseState, err error) {
	err = db.pool.QueryRow(ctx, `
		select case
			when not exists (select from cases where department = $1 and service_item = $2) then $4
			when not exists (select from cases where department = $1 and service_item = $2 and case_no = $3) then $5
			when exists (select from cases where department = $1 and service_item = $2 and case_no = $3 and closed_at is null) then $6
			else $7 end`, department, serviceItem, number,
		exchange.CaseUnverified, exchange.CaseUnknown, exchange.CaseVerified, exchange.CaseClosed).Scan(&state)
	return state, explain(err)
}

// CaseSources lists the matters, as department and service item, that have a source.
func (db *DB) CaseSources(ctx context.Context) ([][2]string, error) {
	rows, err := db.pool.Query(ctx, "select distinct department, service_item from cases")
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([2]string, error) {
		var pair [2]string
		err := row.Scan(&pair[0], &pair[1])
		return pair, err
	})
	return found, explain(err)
}

// UnverifiedUses counts, by department, matter and day, the releases whose case nobody
// could confirm, the latest day first.
func (db *DB) UnverifiedUses(ctx context.Context, limit int) ([]exchange.UnverifiedUses, error) {
	if err := db.RollUpUses(ctx); err != nil {
		return nil, err
	}
	rows, err := db.pool.Query(ctx, "select department, service_item, day, uses from unverified_uses order by day desc, department, service_item limit $1", limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[exchange.UnverifiedUses])
	return found, explain(err)
}

// unverifiedKey is a row of unverified_uses.
type unverifiedKey struct {
	department, serviceItem string
	day                     time.Time
}

func addUnverified(ctx context.Context, tx pgx.Tx, counts map[unverifiedKey]int) error {
	for key, count := range counts {
		if _, err := tx.Exec(ctx, `
			insert into unverified_uses (department, service_item, day, uses) values ($1, $2, $3, $4)
			on conflict (department, service_item, day) do update set uses = unverified_uses.uses + $4`,
			key.department, key.serviceItem, key.day, count); err != nil {
			return err
		}
	}
	return nil
}
