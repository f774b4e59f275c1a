package sqlsource

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/connectors/settings"
	"kapok/crypto/sm"
)

// maxRows is how many rows about one subject are read; a source that holds more is
// not asked for all of them.
const maxRows = 16

// Connector reads one view. Safe for concurrent use.
type Connector struct {
	declared  declared
	dialect   dialect
	statement string
	columns   []string // as selected
	pool      *sql.DB
	isView    atomic.Bool // what is declared as a view was found to be one
}

// New makes a connector from the catalogue's settings; the package says which. It does
// not connect yet.
func New(given map[string]string, secrets func(name string) (string, error)) (*Connector, error) {
	c, err := build(given, secrets)
	if err != nil {
		return nil, fmt.Errorf("sqlsource: %w", err)
	}
	return c, nil
}

func build(given map[string]string, secrets func(name string) (string, error)) (*Connector, error) {
	return buildFor(given, secrets, 0)
}

// buildFor is build with a time for statements that is longer than a question's; 0: as the
// settings say.
func buildFor(given map[string]string, secrets func(name string) (string, error), longer time.Duration) (*Connector, error) {
	d, err := declare(given)
	if err != nil {
		return nil, err
	}
	limits, err := d.bounds()
	if err != nil {
		return nil, err
	}
	limits.statement = max(limits.statement, longer)
	secret, err := settings.Secret("password", d.password, secrets)
	if err != nil {
		return nil, err
	}
	trusted, err := d.trust(secrets)
	if err != nil {
		return nil, err
	}
	c := &Connector{declared: d, dialect: dialects[d.dialect], columns: d.selected()}
	c.statement = c.dialect.statement(d.view, d.lookup, c.columns)
	c.pool, err = address{d, limits, secret, trusted}.pool()
	return c, err
}

// selected are the columns that the statement names.
func (d declared) selected() []string {
	columns := list(d.columns)
	for _, name := range columns {
		if name == d.asOf {
			return columns
		}
	}
	if d.asOf != "" {
		columns = append(columns, d.asOf)
	}
	return columns
}

// Fetch reads the rows about the subject.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if q.Subject.IsZero() {
		return connectors.Answer{}, connectors.ErrNobody
	}
	records, err := c.read(ctx, q.Subject.Number())
	if err != nil {
		return connectors.Answer{}, faultOf(ctx, err)
	}
	if err := jsonrecords.About(records, c.declared.subject, q.Subject); err != nil {
		return connectors.Answer{}, err
	}
	asOf, err := c.asOf(records)
	if err != nil {
		return connectors.Answer{}, err
	}
	rendered, err := json.Marshal(records) // names in order: the same rows, the same digest
	if err != nil {
		return connectors.Answer{}, err
	}
	return connectors.Answer{Records: records, AsOf: asOf, BodyDigest: sm.Sum(rendered)}, nil
}

func (c *Connector) read(ctx context.Context, number string) ([]connectors.Record, error) {
	tx, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	if err := c.checkView(ctx, tx); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, c.statement, number)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return c.collect(rows)
}

// begin opens a transaction. A kept connection may prove to have been closed by the
// server; nothing was asked yet, so it begins once more.
func (c *Connector) begin(ctx context.Context) (*sql.Tx, error) {
	tx, err := c.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil && errors.Is(faultOf(ctx, err), connectors.ErrUnavailable) && ctx.Err() == nil {
		return c.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	}
	return tx, err
}

// checkView refuses a table, or nothing, under the view's name: the provider decides
// by the view what Kapok may see.
func (c *Connector) checkView(ctx context.Context, tx *sql.Tx) error {
	if c.isView.Load() {
		return nil
	}
	schema, name, within := strings.Cut(c.declared.view, ".")
	if !within {
		schema, name = "", schema
	}
	var views int
	if err := tx.QueryRowContext(ctx, c.dialect.isView, schema, name).Scan(&views); err != nil {
		return err
	}
	if views != 1 {
		return fmt.Errorf("%w: there is no view of the declared name", connectors.ErrRefused)
	}
	c.isView.Store(true)
	return nil
}

func (c *Connector) collect(rows *sql.Rows) ([]connectors.Record, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	var records []connectors.Record
	for rows.Next() {
		record, err := c.record(rows, types)
		if err != nil {
			return nil, err
		}
		if records = append(records, record); len(records) > maxRows {
			return nil, fmt.Errorf("%w: more than %d rows about one subject", connectors.ErrGarbage, maxRows)
		}
	}
	return records, rows.Err()
}

func (c *Connector) record(rows *sql.Rows, types []*sql.ColumnType) (connectors.Record, error) {
	values, into := make([]any, len(types)), make([]any, len(types))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	record := make(connectors.Record, len(types))
	for i, kind := range types {
		text, err := textOf(kind.DatabaseTypeName(), values[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.columns[i], err)
		}
		record[c.columns[i]] = text
	}
	return record, nil
}

// asOf is the oldest of the rows'.
func (c *Connector) asOf(records []connectors.Record) (oldest time.Time, err error) {
	for _, record := range records {
		written := record[c.declared.asOf]
		if c.declared.asOf == "" || written == "" {
			return time.Time{}, nil
		}
		at, err := jsonrecords.ReadTime(written)
		if err != nil {
			return time.Time{}, err
		}
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest, nil
}
