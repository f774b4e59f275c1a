package sqlsource

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
)

// maxPull is how long a database may take to hand over a whole view.
const maxPull = time.Hour

// Shape is what is read of a view as a whole.
type Shape struct {
	View      string
	Columns   []string // in the order in which they are handed over
	Keys      []string // tell rows apart; rows come in their order
	Watermark string   // the column that says when a row last changed; "": none, the whole is read each time
	Mark      string   // the column that says D of a row that is deleted; "": none
}

// Table reads a whole view, or what changed of it. It is for one reader at a time.
type Table struct {
	shape   Shape
	reader  *Connector // its pool, its dialect, its check that the view is one
	dialect dialect
}

// OpenTable makes a table of a source's settings, which are those of the package without
// the ones about one item. It does not connect yet.
func OpenTable(given map[string]string, secrets func(name string) (string, error), shape Shape) (*Table, error) {
	whole := maps.Clone(given)
	whole["view"], whole["columns"], whole["connections"] = shape.View, strings.Join(shape.Columns, ","), "1"
	if len(shape.Keys) > 0 {
		whole["subject_column"] = shape.Keys[0]
	}
	whole["statement_timeout"] = "1m" // checked as that of a question; a pull has its own
	for _, name := range []string{shape.Watermark, shape.Mark} {
		if name != "" && !named(name, 1) {
			return nil, errors.New("sqlsource: the watermark and the mark are columns' names")
		}
	}
	reader, err := buildFor(whole, secrets, maxPull)
	if err != nil {
		return nil, fmt.Errorf("sqlsource: %w", err)
	}
	return &Table{shape: shape, reader: reader, dialect: reader.dialect}, nil
}

// Close ends the connections.
func (t *Table) Close() error { return t.reader.pool.Close() }

// Read opens one snapshot of the database, read only, and has read use it. What read asks
// twice, it is told twice the same.
func (t *Table) Read(ctx context.Context, read func(now time.Time, rows func(since, until time.Time, each func([]string) error) error) error) error {
	tx, err := t.reader.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return faultOf(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	if err := t.reader.checkView(ctx, tx); err != nil {
		return faultOf(ctx, err)
	}
	if err := t.checkColumns(ctx, tx); err != nil {
		return faultOf(ctx, err)
	}
	now, err := t.now(ctx, tx)
	if err != nil {
		return faultOf(ctx, err)
	}
	return read(now, func(since, until time.Time, each func([]string) error) error {
		return t.rows(ctx, tx, since, until, each)
	})
}

// checkColumns refuses a watermark or a mark that the view has not, also where the whole of
// it is read and neither is looked at.
func (t *Table) checkColumns(ctx context.Context, tx *sql.Tx) error {
	for _, name := range []string{t.shape.Watermark, t.shape.Mark} {
		if name == "" {
			continue
		}
		rows, err := tx.QueryContext(ctx, fmt.Sprintf("select %s from %s where 1 = 0", t.dialect.quoted(name), t.dialect.quoted(t.shape.View)))
		if err != nil {
			return err
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// now is the database's own clock, to the microsecond.
func (t *Table) now(ctx context.Context, tx *sql.Tx) (time.Time, error) {
	var value any
	rows, err := tx.QueryContext(ctx, t.dialect.now)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return time.Time{}, errors.Join(rows.Err(), connectors.ErrGarbage)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return time.Time{}, err
	}
	if err := rows.Scan(&value); err != nil {
		return time.Time{}, err
	}
	written, err := textOf(types[0].DatabaseTypeName(), value)
	if err != nil {
		return time.Time{}, err
	}
	return jsonrecords.ReadTime(written)
}

// errReader is an error of whoever reads, which is passed on as it is.
type errReader struct{ error }

// rows hands over each row as texts; since zero: the whole view but what is deleted, else
// what changed from since up to and without until, and every row that does not say when: it
// may have changed. An error of each ends it.
func (t *Table) rows(ctx context.Context, tx *sql.Tx, since, until time.Time, each func([]string) error) error {
	err := t.query(ctx, tx, since, until, each)
	if own, is := errors.AsType[errReader](err); is {
		return own.error
	}
	if err != nil {
		return faultOf(ctx, err)
	}
	return nil
}

func (t *Table) query(ctx context.Context, tx *sql.Tx, since, until time.Time, each func([]string) error) error {
	statement, args := t.statement(since, until)
	rows, err := tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	values, into, fields := make([]any, len(types)), make([]any, len(types)), make([]string, len(types))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, kind := range types {
			if fields[i], err = textOf(kind.DatabaseTypeName(), values[i]); err != nil {
				return fmt.Errorf("column %s: %w", t.columns(since)[i], err)
			}
		}
		if err := each(fields); err != nil {
			return errReader{err}
		}
	}
	return rows.Err()
}

// columns are those of the shape, and of changes the mark behind them.
func (t *Table) columns(since time.Time) []string {
	if since.IsZero() || t.shape.Mark == "" {
		return t.shape.Columns
	}
	return append(slices.Clone(t.shape.Columns), t.shape.Mark)
}

// statement orders by the keys and then by all else, so that two readings of one snapshot
// are the same to the byte even where keys repeat.
func (t *Table) statement(since, until time.Time) (string, []any) {
	columns := t.columns(since)
	quoted, places := make([]string, len(columns)), []string{}
	for i, name := range columns {
		quoted[i] = t.dialect.quoted(name)
	}
	for _, name := range t.shape.Keys {
		places = append(places, strconv.Itoa(slices.Index(columns, name)+1))
	}
	for i, name := range columns {
		if !slices.Contains(t.shape.Keys, name) {
			places = append(places, strconv.Itoa(i+1))
		}
	}
	where, args := t.where(since, until)
	return fmt.Sprintf("select %s from %s%s order by %s", strings.Join(quoted, ", "), t.dialect.quoted(t.shape.View), where, strings.Join(places, ", ")), args
}

func (t *Table) where(since, until time.Time) (string, []any) {
	if since.IsZero() {
		if t.shape.Mark == "" {
			return "", nil
		}
		mark := t.dialect.quoted(t.shape.Mark)
		return fmt.Sprintf(" where (%s is null or %s <> 'D')", mark, mark), nil
	}
	changed := t.dialect.quoted(t.shape.Watermark)
	return fmt.Sprintf(" where (%s >= %s and %s < %s) or %s is null", changed, t.dialect.param(1), changed, t.dialect.param(2), changed), []any{asClock(since), asClock(until)}
}

// asClock writes a moment in the session's zone, Beijing's, which columns with a zone and
// without one understand alike.
func asClock(at time.Time) string { return at.In(beijing).Format("2006-01-02 15:04:05.999999") }
