package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/grants"
	"kapok/gateway/ledger"
)

// rollAtOnce bounds the entries of one transaction.
const rollAtOnce = 2000

// RollUpUses reads what the logs gained and adds up what of each grant was used.
func (db *DB) RollUpUses(ctx context.Context) error {
	origins, err := db.Ledger().origins(ctx)
	if err != nil {
		return err
	}
	for _, origin := range origins {
		for {
			read, err := db.rollUpSome(ctx, origin)
			if err != nil {
				return err
			}
			if read < rollAtOnce {
				break
			}
		}
	}
	return nil
}

func (db *DB) rollUpSome(ctx context.Context, origin string) (read int, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into grant_uses_read (origin, next) values ($1, 0) on conflict do nothing", origin); err != nil {
			return err
		}
		var next int64
		if err := tx.QueryRow(ctx, "select next from grant_uses_read where origin = $1 for update", origin).Scan(&next); err != nil {
			return err
		}
		uses, err := usesFrom(ctx, tx, origin, next)
		if err != nil {
			return err
		}
		read = uses.entries
		for part, count := range uses.counts {
			if _, err := tx.Exec(ctx, `
				insert into grant_uses (grant_id, part, uses, last_at) values ($1, $2, $3, $4)
				on conflict (grant_id, part) do update set uses = grant_uses.uses + $3, last_at = greatest(grant_uses.last_at, $4)`,
				part.grant, part.part, count, uses.last); err != nil {
				return err
			}
		}
		if err := addUnverified(ctx, tx, uses.strange); err != nil {
			return err
		}
		if err := addNotifications(ctx, tx, uses.told); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "update grant_uses_read set next = $2 where origin = $1", origin, next+int64(read))
		return err
	})
	return read, err
}

type usedPart struct{ grant, part string }

type usesRead struct {
	entries int
	counts  map[usedPart]int
	strange map[unverifiedKey]int // no case source could confirm them
	told    []told                // whom a use concerns, to be told of it
	last    time.Time
}

func usesFrom(ctx context.Context, tx pgx.Tx, origin string, next int64) (usesRead, error) {
	rows, err := tx.Query(ctx, `
		select e.idx, e.kind, e.at, e.entry, o.openings from ledger_entries e
		left join ledger_openings o on o.origin = e.origin and o.idx = e.idx
		where e.origin = $1 and e.idx >= $2 order by e.idx limit $3`, origin, next, rollAtOnce)
	if err != nil {
		return usesRead{}, err
	}
	read := usesRead{counts: map[usedPart]int{}, strange: map[unverifiedKey]int{}}
	var index int64
	var kind string
	var at time.Time
	var encoded, openings []byte
	_, err = pgx.ForEachRow(rows, []any{&index, &kind, &at, &encoded, &openings}, func() error {
		read.entries++
		if kind != string(ledger.OutcomeKind) {
			return nil
		}
		entry, err := ledger.OpenEntry(encoded, openings)
		if err != nil || entry.Value("result") != "released" {
			return err
		}
		read.last = at
		read.count(entry)
		read.tell(origin, index, entry)
		return nil
	})
	return read, err
}

func (r *usesRead) count(entry ledger.Entry) {
	grant := entry.Value("grant")
	if entry.Value("case-check") == "unverified" {
		day := entry.At.UTC().Add(8 * time.Hour).Truncate(24 * time.Hour)
		r.strange[unverifiedKey{entry.Value("department"), entry.Value("service-item"), day}]++
	}
	r.counts[usedPart{grant, "operation:" + entry.Value("operation")}]++
	for name := range strings.SplitSeq(entry.Value("returned"), ",") {
		r.counts[usedPart{grant, "field:" + name}]++
	}
}

// usageOf reads what of a grant was used.
func (db *DB) usageOf(ctx context.Context, g grants.Grant) (grants.Usage, error) {
	rows, err := db.pool.Query(ctx, "select part from grant_uses where grant_id = $1 order by part", g.ID)
	if err != nil {
		return grants.Usage{}, explain(err)
	}
	parts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	used := grants.Usage{Grant: g.ID, Since: g.IssuedAt}
	for _, part := range parts {
		if name, ok := strings.CutPrefix(part, "field:"); ok {
			used.Fields = append(used.Fields, name)
		}
		if name, ok := strings.CutPrefix(part, "operation:"); ok {
			used.Operations = append(used.Operations, gateway.Operation(name))
		}
	}
	return used, explain(err)
}

// ReviewUnused rolls uses up and reports, for each grant that has not been reviewed
// this month, what of it was never used.
func (w *Workflow) ReviewUnused(ctx context.Context, work Work) error {
	if err := w.RollUpUses(ctx); err != nil {
		return err
	}
	rows, err := w.pool.Query(ctx, grantColumns+`
		where last.state = 'ACTIVE' and g.expires_at > $1 and not exists (
			select from matters m where m.about = g.grant_id and m.kind = $2 and date_trunc('month', m.filed_at) = date_trunc('month', $3::timestamptz))
		order by g.issued_at limit $4`, time.Now(), grants.UnusedRights, w.alarms.clock(), atOnce)
	if err != nil {
		return explain(err)
	}
	found, err := pgx.CollectRows(rows, scanGrant)
	if err != nil {
		return explain(err)
	}
	var failed error
	for _, row := range found {
		usage, err := w.usageOf(ctx, row.Grant)
		if err == nil {
			_, _, err = work.Review(ctx, row.Grant, usage)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}
