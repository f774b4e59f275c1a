package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// OpenViolation is a rule that a source breaks and its provider has not put right.
type OpenViolation struct {
	exchange.Violation
	LastSeen time.Time
	Times    int64
	Matter   string // the correction that took it up; "" while none has
}

// Report counts a violation; the first of its kind is entered in the ledger too.
func (db *DB) Report(ctx context.Context, v exchange.Violation) error {
	return db.inTx(ctx, func(tx pgx.Tx) error {
		var first bool
		err := tx.QueryRow(ctx, `
			insert into source_violations (item, item_version, source, field, rule, provider, first_ref, first_seen, last_seen)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
			on conflict (item, source, field, rule) do update
				set times = source_violations.times + 1, last_seen = greatest(source_violations.last_seen, excluded.last_seen)
			returning times = 1`,
			v.Item, v.ItemVersion, v.Source, v.Field, v.Rule, v.Provider, v.Ref, v.At).Scan(&first)
		if err != nil || !first {
			return err
		}
		_, err = pendEntry(ctx, tx, violationEntry(v), "")
		return err
	})
}

// claimLife is how long a node may take to file a correction.
const claimLife = time.Minute

// ClaimViolation reports whether the caller is to take a violation up: nobody has, or
// its provider says that it was put right and it was met again.
func (db *DB) ClaimViolation(ctx context.Context, v exchange.Violation) (ours bool, err error) {
	tag, err := db.pool.Exec(ctx, `
		update source_violations v set claimed = now(), matter = null
		where item = $1 and source = $2 and field = $3 and rule = $4
			and (claimed is null or claimed < now() - $5::interval)
			and (matter is null or exists (
				select from matter_events e where e.matter_id = v.matter and e.state in ('ACCEPTED', 'SETTLED', 'DECIDED')))`,
		v.Item, v.Source, v.Field, v.Rule, claimLife)
	return err == nil && tag.RowsAffected() == 1, err
}

// TakeUpViolation names the correction that a violation is taken up by.
func (db *DB) TakeUpViolation(ctx context.Context, v exchange.Violation, matter string) error {
	_, err := db.pool.Exec(ctx, `
		update source_violations set matter = $5, claimed = null where item = $1 and source = $2 and field = $3 and rule = $4`,
		v.Item, v.Source, v.Field, v.Rule, matter)
	return err
}

func violationEntry(v exchange.Violation) ledger.Entry {
	return ledger.Entry{Kind: "source-violation", Ref: gateway.NewRef(), At: v.At, Fields: []ledger.Field{
		{Name: "item", Value: fmt.Sprintf("%s@%d", v.Item, v.ItemVersion)},
		{Name: "provider", Value: v.Provider},
		{Name: "source", Value: v.Source},
		{Name: "field", Value: v.Field},
		{Name: "rule", Value: v.Rule},
		{Name: "exchange", Value: v.Ref},
	}}
}

// OpenViolations lists what sources break, the latest first, at most a thousand.
func (db *DB) OpenViolations(ctx context.Context) ([]OpenViolation, error) {
	rows, err := db.pool.Query(ctx, `
		select item, item_version, source, field, rule, provider, first_ref, first_seen, last_seen, times, coalesce(matter, '')
		from source_violations order by last_seen desc limit 1000`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (v OpenViolation, err error) {
		err = row.Scan(&v.Item, &v.ItemVersion, &v.Source, &v.Field, &v.Rule, &v.Provider, &v.Ref, &v.At, &v.LastSeen, &v.Times, &v.Matter)
		return v, err
	})
}

// RecordTrial enters in the ledger that an operator is about to ask a source about a
// person. Nothing is released by it.
func (db *DB) RecordTrial(ctx context.Context, subjectRef string, fields []ledger.Field, at time.Time) error {
	return db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := pendEntry(ctx, tx, ledger.Entry{Kind: "connector-try", Ref: gateway.NewRef(), At: at, Fields: fields}, subjectRef)
		return err
	})
}
