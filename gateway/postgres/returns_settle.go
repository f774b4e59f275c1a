package postgres

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/sm"
	"kapok/gateway/returns"
)

const (
	uniqueViolation = "23505"
	maxTold         = 1000 // findings of one kind that are told
)

// Settle indexes, joins and compares: see [returns.Landings]. A version that was
// joined is not joined again: its report is kept with it.
func (r *Returns) Settle(ctx context.Context, delivery returns.Delivery, d *returns.Dataset, landed returns.Progress) (report returns.Report, found returns.Findings, err error) {
	kept, err := r.keptReport(ctx, delivery.ID)
	if err != nil || kept != nil {
		return *orZero(kept), found, err
	}
	if _, err := r.db.pool.Exec(ctx, "select returned.index_load($1)", delivery.Load); sqlState(err) == uniqueViolation {
		found, err = r.repeatedKeys(ctx, delivery)
		return report, found, explain(err)
	} else if err != nil {
		return report, found, explain(err)
	}
	if found, err = r.compareLanded(ctx, delivery, d, landed); err != nil || len(found.List) > 0 {
		return report, found, explain(err)
	}
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		report, found, err = settle(ctx, tx, delivery, d, landed)
		return err
	})
	return report, found, err
}

func orZero(report *returns.Report) *returns.Report {
	if report == nil {
		return &returns.Report{}
	}
	return report
}

func (r *Returns) keptReport(ctx context.Context, id string) (*returns.Report, error) {
	var kept *returns.Report
	err := r.db.pool.QueryRow(ctx, "select report from return_progress where delivery = $1", id).Scan(&kept)
	return kept, explain(err)
}

// repeatedKeys names every line whose keys stand on an earlier line.
func (r *Returns) repeatedKeys(ctx context.Context, delivery returns.Delivery) (returns.Findings, error) {
	return r.findLines(ctx, delivery, returns.RuleKeyTwice, `
		select _file, _line from (
			select _file, _line, row_number() over (partition by _key order by _file, _line) as nth from `+table(delivery.Load)+`
		) numbered where nth > 1 order by _file, _line`)
}

// findLines makes findings of the lines that a query names.
func (r *Returns) findLines(ctx context.Context, delivery returns.Delivery, rule, query string) (returns.Findings, error) {
	rows, err := r.db.pool.Query(ctx, query)
	if err != nil {
		return returns.Findings{}, err
	}
	return collectFindings(rows, delivery, rule)
}

func collectFindings(rows pgx.Rows, delivery returns.Delivery, rule string) (found returns.Findings, err error) {
	var file int16
	var line int64
	_, err = pgx.ForEachRow(rows, []any{&file, &line}, func() error {
		if len(found.List) == maxTold {
			found.More++
			return nil
		}
		found.List = append(found.List, returns.Finding{File: delivery.Manifest.Files[file].Name, Line: line, Rule: rule})
		return nil
	})
	return found, err
}

// compareLanded counts and adds up what stands in the table, by file, and holds it
// against what was read: the plain numbers, for the others are sealed.
func (r *Returns) compareLanded(ctx context.Context, delivery returns.Delivery, d *returns.Dataset, landed returns.Progress) (found returns.Findings, err error) {
	names := plainNumbers(d)
	sums := make([]string, len(names))
	for i, column := range names {
		sums[i] = fmt.Sprintf(", coalesce(sum(nullif(%s, '')::numeric), 0)::text", pgx.Identifier{column.Name}.Sanitize())
	}
	rows, err := r.db.pool.Query(ctx, "select _file, count(*)::text"+strings.Join(sums, "")+" from "+table(delivery.Load)+" group by _file")
	if err != nil {
		return found, err
	}
	defer rows.Close()
	stand := map[int][]string{}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return found, err
		}
		file, texts := int(values[0].(int16)), []string{}
		for _, value := range values[1:] {
			texts = append(texts, value.(string))
		}
		stand[file] = texts
	}
	for file, tally := range landed.Done {
		if !stands(stand[file], tally, names) {
			found.List = append(found.List, returns.Finding{File: delivery.Manifest.Files[file].Name, Rule: returns.RuleLanded})
		}
	}
	return found, rows.Err()
}

func plainNumbers(d *returns.Dataset) (found []returns.Column) {
	for _, column := range d.Columns {
		if column.Numeric && !column.Sealed {
			found = append(found, column)
		}
	}
	return found
}

func stands(counted []string, tally returns.Tally, names []returns.Column) bool {
	if counted == nil {
		return tally.Rows == 0
	}
	if counted[0] != fmt.Sprint(tally.Rows) {
		return false
	}
	for i, column := range names {
		if !returns.SameNumber(counted[i+1], tally.Sums[column.Source]) {
			return false
		}
	}
	return true
}

// settle joins an incremental delivery with the version in force and compares a full
// one with it, under the dataset's lock.
func settle(ctx context.Context, tx pgx.Tx, delivery returns.Delivery, d *returns.Dataset, landed returns.Progress) (report returns.Report, found returns.Findings, err error) {
	report, err = newReport(landed)
	if err != nil {
		return report, found, err
	}
	if report.Base, err = lockDataset(ctx, tx, d.Code); err != nil {
		return report, found, err
	}
	if report.Base != "" {
		base, err := readDelivery(ctx, tx, report.Base)
		if err != nil {
			return report, found, err
		}
		if found, err = joinBase(ctx, tx, delivery, base, d, &report); err != nil || len(found.List) > 0 {
			return report, found, err
		}
	}
	rows := table(delivery.Load) // persons are counted along the index, which knows their order
	err = tx.QueryRow(ctx, "select (select count(*) from "+rows+"), (select count(*) from (select distinct _subject from "+rows+") persons)").Scan(&report.Rows, &report.Persons)
	if err != nil {
		return report, found, err
	}
	encoded, err := json.Marshal(report)
	if err != nil {
		return report, found, err
	}
	_, err = tx.Exec(ctx, "update return_progress set report = $2 where delivery = $1", delivery.ID, encoded)
	return report, found, err
}

func newReport(landed returns.Progress) (returns.Report, error) {
	report := returns.Report{Files: landed.Done, Landed: landed.Landed, LandedFor: time.Duration(0).String()}
	content, err := sm.ResumeHash(landed.Content)
	if err != nil {
		return report, err
	}
	report.Content = hex.EncodeToString(content.Sum(nil))
	return report, nil
}

// joinBase compares by keys, and for an incremental delivery makes the whole version:
// the base's rows that it does not touch, without those that it takes away.
func joinBase(ctx context.Context, tx pgx.Tx, delivery, base returns.Delivery, d *returns.Dataset, report *returns.Report) (found returns.Findings, err error) {
	was, is := table(base.Load), table(delivery.Load)
	if delivery.Manifest.Kind == returns.Full {
		report.Changes, err = compareWith(ctx, tx, was, is)
		return found, err
	}
	rows, err := tx.Query(ctx, `select _file, _line from `+is+` now where _mark = 'D'
		and not exists (select from `+was+` base where base._key = now._key) order by _file, _line`)
	if err != nil {
		return found, err
	}
	if found, err = collectFindings(rows, delivery, returns.RuleNothing); err != nil {
		return found, err
	}
	if delivery.Manifest.Pulled != nil && len(found.List) > 0 { // added and deleted since the version before: nothing to take away
		report.Warnings = append(report.Warnings, returns.RuleNothing)
		found = returns.Findings{}
		if _, err := tx.Exec(ctx, `delete from `+is+` now where _mark = 'D' and not exists (select from `+was+` base where base._key = now._key)`); err != nil {
			return found, err
		}
	}
	if len(found.List) > 0 {
		return found, nil
	}
	if report.Changes, err = compareChanges(ctx, tx, was, is); err != nil {
		return found, err
	}
	columns := "_subject, _key, _digest, _line, _load, _file, _mark, " + quoted(append(d.Plain(), d.Sealed()...))
	for _, statement := range []string{
		"insert into " + is + " (" + columns + ") select " + columns + " from " + was + " base where not exists (select from " + is + " now where now._key = base._key)",
		"delete from " + is + " where _mark = 'D'",
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return found, err
		}
	}
	return found, nil
}

// compareWith compares a full version with the one before it.
func compareWith(ctx context.Context, tx pgx.Tx, was, is string) (*returns.Changes, error) {
	var c returns.Changes
	err := tx.QueryRow(ctx, `
		select count(*) filter (where base._key is null), count(*) filter (where now._key is null),
			count(*) filter (where base._digest <> now._digest), count(*) filter (where base._digest = now._digest)
		from `+was+` base full join `+is+` now using (_key)`).
		Scan(&c.Added, &c.Removed, &c.Changed, &c.Same)
	return &c, err
}

// compareChanges counts what an incremental delivery does to its base.
func compareChanges(ctx context.Context, tx pgx.Tx, was, is string) (*returns.Changes, error) {
	var c returns.Changes
	var touched, base int64
	err := tx.QueryRow(ctx, `
		select count(*) filter (where base._key is null), count(*) filter (where now._mark = 'D'),
			count(*) filter (where now._mark = 'U' and base._digest <> now._digest), count(base._key), (select count(*) from `+was+`)
		from `+is+` now left join `+was+` base using (_key)`).
		Scan(&c.Added, &c.Removed, &c.Changed, &touched, &base)
	c.Same = base - c.Removed - c.Changed
	return &c, err
}
