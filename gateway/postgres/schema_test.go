package postgres_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// cold are tables that stay whole on every shard of a distributed PostgreSQL: some rows
// a day.
var cold = map[string]string{
	"platform_certificates": "one row for each operational key of the platform",
	"goose_db_version":      "one row for each migration",
}

var distribution = regexp.MustCompile(`^Distribution column: ([a-z_0-9]+)\.`)

// unique is a unique index as the catalogue of the database has it.
type unique struct {
	Table, Index string
	Comment      *string
	Columns      []string // of the key, in order; an expression is ""
}

// TestUniqueKeysAreLedByTheirDistributionColumn keeps a distributed PostgreSQL
// possible: it can enforce a unique key on one shard only, so every hot table's
// unique keys begin with the column that its comment names. A range of a partitioned
// table has the keys of the whole.
func TestUniqueKeysAreLedByTheirDistributionColumn(t *testing.T) {
	db := pgtest.New(t)
	tables := tablesOf(t, db)
	found := uniqueKeys(t, db)
	if len(tables) < 10 || len(found) < 10 {
		t.Fatalf("%d tables, %d unique keys: the test does not see the schema", len(tables), len(found))
	}
	for _, table := range tables {
		if cold[table] == "" && !slices.ContainsFunc(found, func(u unique) bool { return u.Table == table }) {
			t.Errorf("%s has no unique key at all", table)
		}
	}
	for _, wrong := range notLed(found) {
		t.Error(wrong)
	}
}

// TestSchemaTestSees breaks the rule on purpose.
func TestSchemaTestSees(t *testing.T) {
	for name, statement := range map[string]string{
		"another unique index":   `create unique index wrong on ledger_openings (idx)`,
		"an expression":          `create unique index wrong on ledger_openings ((origin || ''), idx)`,
		"a table of no column":   `create table wrong (id bigint primary key)`,
		"a key in another order": `create table wrong (id bigint, origin text, primary key (id, origin)); comment on table wrong is 'Distribution column: origin.'`,
	} {
		t.Run(name, func(t *testing.T) {
			db := pgtest.New(t)
			if _, err := db.Pool().Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if wrong := notLed(uniqueKeys(t, db)); len(wrong) != 1 {
				t.Errorf("it sees %v", wrong)
			}
		})
	}
}

func notLed(found []unique) (wrong []string) {
	for _, one := range found {
		if cold[one.Table] != "" {
			continue
		}
		named := []string(nil)
		if one.Comment != nil {
			named = distribution.FindStringSubmatch(*one.Comment)
		}
		switch {
		case named == nil:
			wrong = append(wrong, one.Table+" does not say in its comment which column distributes it")
		case one.Columns[0] != named[1]:
			wrong = append(wrong, one.Index+" is unique and not led by "+named[1])
		}
	}
	return wrong
}

func tablesOf(t *testing.T, db *postgres.DB) []string {
	t.Helper()
	rows, err := db.Pool().Query(t.Context(), `
		select relname from pg_class where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func uniqueKeys(t *testing.T, db *postgres.DB) []unique {
	t.Helper()
	rows, err := db.Pool().Query(t.Context(), `
		select hot.relname::text, key.relname::text, obj_description(hot.oid, 'pg_class'),
			array(select coalesce(col.attname::text, '')
				from unnest(index.indkey::int2[]) with ordinality as part (number, position)
				left join pg_attribute col on col.attrelid = hot.oid and col.attnum = part.number and part.number > 0
				order by part.position)
		from pg_index index
		join pg_class hot on hot.oid = index.indrelid and not hot.relispartition and hot.relnamespace = 'public'::regnamespace
		join pg_class key on key.oid = index.indexrelid
		where index.indisunique order by 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[unique])
	if err != nil {
		t.Fatal(err)
	}
	return found
}
