package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/cases"
	"kapok/gateway/ledger"
)

// CaseFile reads what is known of a case, in one round trip; of one never told of, the
// key alone.
func (db *DB) CaseFile(ctx context.Context, key cases.Key) (cases.Case, error) {
	c := cases.Case{Key: key}
	place := []any{key.Department, key.ServiceItem, key.Number}
	batch := &pgx.Batch{}
	batch.Queue(`select subject_ref, coalesce(accepted_at, '0001-01-01'), coalesce(decided_at, '0001-01-01')
		from case_files where department = $1 and service_item = $2 and case_no = $3`, place...).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&c.SubjectRef, &c.Accepted, &c.Decided); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	queueList(batch, &c.Materials, `select material, replaceable, met, item, licence, exchange_ref, coalesce(at, '0001-01-01')
		from case_materials where department = $1 and service_item = $2 and case_no = $3 order by place`, place...)
	batch.Queue(demandColumns+` where department = $1 and service_item = $2 and case_no = $3 order by at, demand_id`, place...).
		Query(func(rows pgx.Rows) (err error) {
			c.Demands, err = pgx.CollectRows(rows, scanDemand)
			return err
		})
	queueList(batch, &c.Documents, `select name, seal from case_documents
		where department = $1 and service_item = $2 and case_no = $3 order by n`, place...)
	return c, explain(db.pool.SendBatch(ctx, batch).Close())
}

func queueList[T any](batch *pgx.Batch, into *[]T, query string, args ...any) {
	batch.Queue(query, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
		return err
	})
}

const demandColumns = `select demand_id, department, service_item, case_no, material, step, officer, system, refused, at from paper_demands`

func scanDemand(row pgx.CollectableRow) (d cases.Demand, err error) {
	err = row.Scan(&d.ID, &d.Key.Department, &d.Key.ServiceItem, &d.Key.Number, &d.Material, &d.Step, &d.Officer, &d.System, &d.Refused, &d.At)
	return d, err
}

// KeepCase makes what was told of a case durable, with its entry. What a licence or data
// met meanwhile is not overwritten: that is a Conflict, case-changed.
func (db *DB) KeepCase(ctx context.Context, c cases.Case, entry ledger.Entry) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`
			insert into case_files as f (department, service_item, case_no, subject_ref, accepted_at, decided_at) values ($1, $2, $3, $4, $5, $6)
			on conflict (department, service_item, case_no) do update set
				subject_ref = case f.subject_ref when '' then $4 else f.subject_ref end,
				accepted_at = coalesce(f.accepted_at, $5), decided_at = coalesce(f.decided_at, $6)`,
			c.Department, c.ServiceItem, c.Number, c.SubjectRef, orNull(c.Accepted), orNull(c.Decided))
		for i, m := range c.Materials {
			queueMaterial(batch, c.Key, i, m)
		}
		for i, d := range c.Documents {
			batch.Queue(`insert into case_documents (department, service_item, case_no, n, name, seal) values ($1, $2, $3, $4, $5, $6)
				on conflict do nothing`, c.Department, c.ServiceItem, c.Number, i, d.Name, string(d.Seal))
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, c.SubjectRef)
		return err
	})
	return pending, err
}

func queueMaterial(batch *pgx.Batch, key cases.Key, place int, m cases.Material) {
	batch.Queue(`
		insert into case_materials as m (department, service_item, case_no, material, place, replaceable, met, item, licence, exchange_ref, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict (department, service_item, case_no, material) do update
			set met = $7, item = $8, licence = $9, exchange_ref = $10, at = $11 where m.met <> 'met' or $7 = 'met'`,
		key.Department, key.ServiceItem, key.Number, m.Code, place, m.Replaceable, string(m.Met), m.Item, m.Licence, m.Exchange, orNull(m.At)).
		Exec(oneRow(gateway.Fail(gateway.Conflict, "case-changed", "The case was changed by somebody else; read it again.")))
}

// KeepDemand keeps a demand once.
func (db *DB) KeepDemand(ctx context.Context, d cases.Demand, subjectRef string, entry ledger.Entry) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pending = ""
		done, err := tx.Exec(ctx, `
			insert into paper_demands (department, demand_id, service_item, case_no, material, step, officer, system, refused, at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
			d.Key.Department, d.ID, d.Key.ServiceItem, d.Key.Number, d.Material, d.Step, d.Officer, d.System, d.Refused, d.At)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, subjectRef)
		return err
	})
	return pending, err
}

// Released finds what an exchange released, by its entry in the ledger.
func (db *DB) Released(ctx context.Context, exchange string) (*ledger.Entry, error) {
	found, err := db.Ledger().Find(ctx, exchange)
	if err != nil {
		return nil, err
	}
	for i := range found {
		entry := &found[i].Entry
		if entry.Kind == ledger.OutcomeKind && entry.Value("result") == "released" {
			return entry, nil
		}
	}
	return nil, nil
}

// RefusedDemands lists what the rule refused, the latest first.
func (db *DB) RefusedDemands(ctx context.Context, before cases.Place, limit int) ([]cases.Demand, error) {
	if before.At.IsZero() {
		before.At = time.Now().Add(time.Hour)
	}
	rows, err := db.pool.Query(ctx, demandColumns+` where refused and (at, demand_id) < ($1, $2) order by at desc, demand_id desc limit $3`,
		before.At, before.ID, limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, scanDemand)
	return found, explain(err)
}

// CaseCounts counts what the four rates are made of, by department and matter.
func (db *DB) CaseCounts(ctx context.Context, p cases.Period) ([]cases.Count, error) {
	rows, err := db.pool.Query(ctx, caseCounts, p.From, p.To, p.Department, p.ServiceItem, p.Now.Add(-cases.TimelyWithin), cases.TimelyWithin)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[cases.Count])
	return found, explain(err)
}

// A decision counts for 签发及时率 where a licence came of it, and where one is overdue: of
// a matter in which the department has issued licences before.
const caseCounts = `
with accepted as (
	select f.department, f.service_item, m.met, m.replaceable from case_files f
	join case_materials m using (department, service_item, case_no)
	where f.accepted_at >= $1 and f.accepted_at < $2 and $3 in ('', f.department) and $4 in ('', f.service_item)
), sealed as (
	select f.department, f.service_item, d.seal from case_files f
	join case_documents d using (department, service_item, case_no)
	where f.decided_at >= $1 and f.decided_at < $2 and $3 in ('', f.department) and $4 in ('', f.service_item)
), decided as (
	select department, service_item, case_no, min(decided_at) as decided_at from (
		select f.department, f.service_item, f.case_no, f.decided_at from case_files f
		where f.decided_at is not null and exists (select from licences l where l.issuer = f.department and l.service_item = f.service_item)
		union all
		select issuer, service_item, case_no, decided_at from licences where decided_at is not null
	) told group by department, service_item, case_no
), due as (
	select d.department, d.service_item, d.decided_at, (
		select min(l.issued_at) from licences l where l.issuer = d.department and l.service_item = d.service_item and l.case_no = d.case_no) as issued_at
	from decided d
	where d.decided_at >= $1 and d.decided_at < $2 and $3 in ('', d.department) and $4 in ('', d.service_item)
)
select department, service_item, 'materials', count(*) filter (where met in ('met', 'waived')), count(*) from accepted group by 1, 2
union all
select department, service_item, 'licence-use', count(*) filter (where met = 'met'), count(*) from accepted where replaceable group by 1, 2
union all
select department, service_item, 'seal-use', count(*) filter (where seal = 'electronic'), count(*) from sealed group by 1, 2
union all
select department, service_item, 'timely-issue', count(*) filter (where issued_at <= decided_at + $6::interval), count(*)
from due where issued_at is not null or decided_at < $5 group by 1, 2
order by 1, 2, 3`
