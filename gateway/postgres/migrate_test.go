package postgres_test

import (
	"strings"
	"sync"
	"testing"

	"kapok/gateway/postgres/pgtest"
)

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// TestNodesMigrateTogether starts several nodes at once on an empty database.
func TestNodesMigrateTogether(t *testing.T) {
	dsn := pgtest.NewEmptyDSN(t)
	var nodes sync.WaitGroup
	for range 3 {
		db := pgtest.Open(t, dsn)
		nodes.Go(func() {
			if err := db.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	if n := count(t, pgtest.Open(t, dsn), "subjects"); n != 0 {
		t.Errorf("%d subjects in a new database", n)
	}
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	db := pgtest.New(t)
	before := count(t, db, "goose_db_version")
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := count(t, db, "goose_db_version"); after != before {
		t.Errorf("%d migrations noted, before %d", after, before)
	}
}

func TestDatabasesOfTestsAreApart(t *testing.T) {
	one, other := scratch(t), pgtest.New(t)
	var there bool
	if err := other.Pool().QueryRow(t.Context(), "select to_regclass('scratch') is not null").Scan(&there); err != nil || there {
		t.Errorf("a table of one test is in another's database (%v)", err)
	}
	if n := count(t, one, "scratch"); n != 0 {
		t.Errorf("%d rows", n)
	}
}
