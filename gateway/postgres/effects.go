package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// Effect is how often something happened on one day.
type Effect struct {
	Day                           time.Time // midnight UTC of the day in Beijing
	Department, ServiceItem, Item string
	Result, Code                  string // released, failed, …, refused; why
	Uses                          int64
}

// Served is how many people a department served in a month.
type Served struct {
	Department string
	Month      time.Time
	People     int64
}

// effectChunk is how many entries of one log are counted in one transaction.
const effectChunk = 5000

// CountEffects counts what the logs gained since it was called last, and returns how
// many entries that were. Any number of nodes may do it at once: no entry counts twice.
func (l *Ledger) CountEffects(ctx context.Context) (counted int, err error) {
	origins, err := l.origins(ctx)
	if err != nil {
		return 0, err
	}
	for _, origin := range origins {
		for {
			part, err := l.countEffectsOf(ctx, origin)
			if err != nil {
				return counted, err
			}
			if counted += part; part < effectChunk {
				break
			}
		}
	}
	return counted, nil
}

func (l *Ledger) countEffectsOf(ctx context.Context, origin string) (counted int, err error) {
	err = l.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into effect_progress (origin, counted) values ($1, 0) on conflict do nothing`, origin); err != nil {
			return err
		}
		var from int64
		err := tx.QueryRow(ctx, `select counted from effect_progress where origin = $1 for update skip locked`, origin).Scan(&from)
		if errors.Is(err, pgx.ErrNoRows) { // another node is counting
			counted = 0
			return nil
		}
		if err != nil {
			return err
		}
		var tally effectTally
		if tally, counted, err = tallyFrom(ctx, tx, origin, from); err != nil || counted == 0 {
			return err
		}
		if err := tally.keep(ctx, tx); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update effect_progress set counted = $2 where origin = $1`, origin, from+int64(counted))
		return err
	})
	return counted, explain(err)
}

type effectKey struct {
	day                                         time.Time
	department, serviceItem, item, result, code string
}

type personServed struct {
	subject, department string
	month               time.Time
}

// effectTally is a part of a log, counted.
type effectTally struct {
	uses   map[effectKey]int64
	people map[personServed]bool
}

func tallyFrom(ctx context.Context, tx pgx.Tx, origin string, from int64) (effectTally, int, error) {
	tally := effectTally{uses: map[effectKey]int64{}, people: map[personServed]bool{}}
	rows, err := tx.Query(ctx, `
		select entry.entry, opening.openings from ledger_entries entry
		left join ledger_openings opening using (origin, idx)
		where entry.origin = $1 and entry.idx >= $2 and entry.idx < $3 order by entry.idx`, origin, from, from+effectChunk)
	if err != nil {
		return tally, 0, err
	}
	var encoded, openings []byte
	counted := 0
	_, err = pgx.ForEachRow(rows, []any{&encoded, &openings}, func() error {
		counted++
		entry, err := ledger.OpenEntry(encoded, openings)
		if err == nil {
			tally.add(entry)
		}
		return err
	})
	return tally, counted, err
}

// refusalKind is the path's; its own package is above this one.
const refusalKind ledger.Kind = "refusal"

// beijing has had one zone without summer time since 1992.
var beijing = time.FixedZone("CST", 8*60*60)

func (t effectTally) add(entry ledger.Entry) {
	department := entry.Value("department")
	if department == "" || entry.Kind != ledger.OutcomeKind && entry.Kind != refusalKind {
		return
	}
	year, month, day := entry.At.In(beijing).Date()
	item, _, _ := strings.Cut(entry.Value("item"), "@")
	key := effectKey{
		day: time.Date(year, month, day, 0, 0, 0, 0, time.UTC), department: department, serviceItem: entry.Value("service-item"), item: item,
		result: entry.Value("result"), code: entry.Value("code"),
	}
	if entry.Kind == refusalKind {
		key.result = "refused"
	}
	t.uses[key]++
	if subject := entry.Value(ledger.SubjectField); subject != "" && key.result == "released" {
		t.people[personServed{subject, department, time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)}] = true
	}
}

func (t effectTally) keep(ctx context.Context, tx pgx.Tx) error {
	batch := &pgx.Batch{}
	for _, key := range sortedKeys(t.uses) {
		batch.Queue(`
			insert into effects (department, day, service_item, item, result, code, uses) values ($1, $2, $3, $4, $5, $6, $7)
			on conflict (department, day, service_item, item, result, code) do update set uses = effects.uses + excluded.uses`,
			key.department, key.day, key.serviceItem, key.item, key.result, key.code, t.uses[key])
	}
	var subjects, departments []string
	var months []time.Time
	for person := range t.people {
		subjects, departments, months = append(subjects, person.subject), append(departments, person.department), append(months, person.month)
	}
	batch.Queue(`
		with served as (
			insert into effect_people (subject_ref, department, month) select * from unnest($1::text[], $2::text[], $3::date[]) order by 1, 2, 3
			on conflict do nothing returning department, month)
		insert into effect_months (department, month, people) select department, month, count(*) from served group by department, month order by 1, 2
		on conflict (department, month) do update set people = effect_months.people + excluded.people`, subjects, departments, months)
	return tx.SendBatch(ctx, batch).Close()
}

// sortedKeys: nodes that count different logs take the rows' locks in one order.
func sortedKeys(uses map[effectKey]int64) []effectKey {
	keys := make([]effectKey, 0, len(uses))
	for key := range uses {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b effectKey) int {
		return strings.Compare(a.order(), b.order())
	})
	return keys
}

func (k effectKey) order() string {
	return strings.Join([]string{k.department, k.day.Format(time.DateOnly), k.serviceItem, k.item, k.result, k.code}, "\x00")
}

// Effects lists what was counted from one day to another, both included, the latest
// first, and whom each department served in the months that they touch.
func (l *Ledger) Effects(ctx context.Context, from, until time.Time) ([]Effect, []Served, error) {
	rows, err := l.db.pool.Query(ctx, `
		select day, department, service_item, item, result, code, uses from effects
		where day between $1 and $2 order by day desc, department, service_item, item, result, code`, from, until)
	if err != nil {
		return nil, nil, explain(err)
	}
	effects, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Effect])
	if err != nil {
		return nil, nil, explain(err)
	}
	rows, err = l.db.pool.Query(ctx, `
		select department, month, people from effect_months
		where month between date_trunc('month', $1::date) and $2 order by month desc, department`, from, until)
	if err != nil {
		return nil, nil, explain(err)
	}
	served, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Served])
	return effects, served, explain(err)
}
