package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
	"kapok/gateway/licensing"
)

// noteReturned notes that another version of returned data comes into force, in that
// transaction and before it does.
func noteReturned(ctx context.Context, tx pgx.Tx, item string, now int64, at time.Time) error {
	_, err := tx.Exec(ctx, `
		insert into item_changes (item, was_load, now_load, at)
		values ($1, (select d.load from return_deliveries d join return_datasets s on s.current = d.delivery where s.dataset = $1), $2, $3)`, item, now, at)
	return err
}

// noteLicences notes that issued licences changed, in that transaction. An item that nobody has
// subscribed to is left out: licences are issued by thousands.
func noteLicences(ctx context.Context, tx pgx.Tx, changes []licensing.Change) error {
	subjects, at := map[string][]string{}, map[string]time.Time{}
	for _, change := range changes {
		if !change.Record.IssuedAt.IsZero() {
			subjects[change.Item] = append(subjects[change.Item], change.Record.SubjectRef)
			at[change.Item] = change.Record.ChangedAt
		}
	}
	for _, item := range slices.Sorted(maps.Keys(subjects)) {
		_, err := tx.Exec(ctx, `
			insert into item_changes (item, subjects, at) select $1, $2, $3
			where exists (select from subscriptions where item = $1 and ended_at is null)`, item, subjects[item], at[item])
		if err != nil {
			return err
		}
	}
	return nil
}

// Announce takes a change in that a provider tells of.
func (s *Subscriptions) Announce(ctx context.Context, item string, subjects []string, entry ledger.Entry) (pending string, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into item_changes (item, subjects, at) values ($1, $2, $3)", item, subjects, entry.At); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, entry, "")
		return err
	})
	return pending, err
}

// change is one to be made into pushes.
type change struct {
	ID       int64
	Item     string
	Was, Now *int64
	Subjects []string
	At       time.Time // who subscribed later knows it
}

// touched is a case that a change may concern.
type touched struct {
	Subscription string
	Position     int
	Subject      string
}

// Spread makes the pushes of the oldest change, in one transaction.
func (s *Subscriptions) Spread(ctx context.Context, now time.Time) (found bool, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		found = false
		var c change
		err := tx.QueryRow(ctx, `
			select change_id, item, was_load, now_load, subjects, at from item_changes where spread_at is null
			order by change_id limit 1 for update skip locked`).Scan(&c.ID, &c.Item, &c.Was, &c.Now, &c.Subjects, &c.At)
		if noRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		found = true
		cases, err := touchedBy(ctx, tx, c)
		if err != nil {
			return err
		}
		for _, one := range cases {
			if err := s.push(ctx, tx, one.Subscription, one.Position, now); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "update item_changes set spread_at = $2 where change_id = $1", c.ID, now)
		return err
	})
	return found, err
}

// touchedBy lists the cases that a change concerns, in one order for all nodes.
func touchedBy(ctx context.Context, tx pgx.Tx, c change) ([]touched, error) {
	rows, err := tx.Query(ctx, `
		select c.subscription_id, c.position, c.subject_ref
		from subscriptions s join subscription_cases c using (subscription_id)
		where s.item = $1 and s.ended_at is null and s.placed_at <= $3 and ($2::text[] is null or c.subject_ref = any($2))
		order by 1, 2`, c.Item, c.Subjects, c.At)
	if err != nil {
		return nil, err
	}
	cases, err := pgx.CollectRows(rows, pgx.RowToStructByPos[touched])
	if err != nil || c.Now == nil {
		return cases, err
	}
	refs := make([]string, len(cases))
	for i, one := range cases {
		refs[i] = one.Subject
	}
	was, err := digests(ctx, tx, c.Was, refs)
	if err != nil {
		return nil, err
	}
	is, err := digests(ctx, tx, c.Now, refs)
	if err != nil {
		return nil, err
	}
	if was == nil || is == nil { // one of the two is destroyed by now: nobody can tell who was touched
		return cases, nil
	}
	return slices.DeleteFunc(cases, func(one touched) bool { return was[one.Subject] == is[one.Subject] }), nil
}

// digests tells the rows about each person of a version apart from another version's; nil
// where the version's rows do not stand.
func digests(ctx context.Context, tx pgx.Tx, load *int64, refs []string) (map[string]string, error) {
	found := map[string]string{}
	if load == nil {
		return found, nil
	}
	var stands bool
	if err := tx.QueryRow(ctx, "select to_regclass($1) is not null", table(*load)).Scan(&stands); err != nil || !stands {
		return nil, err
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(`
		select replace(_subject::text, '-', ''), array_agg(_digest::text order by _key) from %s where _subject = any($1::text[]::uuid[]) group by 1`, table(*load)), refs)
	if err != nil {
		return nil, err
	}
	var ref string
	var all []string
	_, err = pgx.ForEachRow(rows, []any{&ref, &all}, func() error {
		found[ref] = strings.Join(all, ",")
		return nil
	})
	return found, err
}
