package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/predicate"
)

// TryTest notes a test and reports whether it is within bounds. Tries of one field of
// one person wait for each other, on whichever node they are.
func (db *DB) TryTest(ctx context.Context, try predicate.Try) (within bool, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		var book predicate.Book
		err := tx.QueryRow(ctx, `
			insert into predicate_books as book (subject_ref, department, item, field) values ($1, $2, $3, $4)
			on conflict (subject_ref, department, item, field) do update set tried = book.tried
			returning tried`, try.Subject, try.Department, try.Item, try.Field).Scan(&book)
		if err != nil {
			return err
		}
		book, within = book.Try(try)
		_, err = tx.Exec(ctx, `
			update predicate_books set tried = $5, refused = refused + $6,
				last_refused = case when $6 > 0 then $7 else last_refused end
			where subject_ref = $1 and department = $2 and item = $3 and field = $4`,
			try.Subject, try.Department, try.Item, try.Field, book, countOf(!within), try.At)
		return err
	})
	return within, err
}

func countOf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Probing is how often a department was refused tests that looked like a search.
type Probing struct {
	Department string
	Item       string
	Field      string
	Persons    int
	Refused    int
	Last       time.Time
}

// Probing lists who was refused such tests since a moment, the most first.
func (db *DB) Probing(ctx context.Context, since time.Time) ([]Probing, error) {
	rows, err := db.pool.Query(ctx, `
		select department, item, field, count(*)::int as persons, sum(refused)::int as refused, max(last_refused) as last
		from predicate_books where last_refused >= $1
		group by department, item, field order by sum(refused) desc, department, item, field limit 1000`, since)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Probing])
	return found, explain(err)
}
