package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/postgres"
)

// New opens a migrated database that only this test uses.
func New(t testing.TB) *postgres.DB {
	t.Helper()
	return Open(t, NewDSN(t))
}

// Open opens dsn until the test ends: a second node on one database, for instance.
func Open(t testing.TB, dsn string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// NewDSN makes a migrated database that only this test uses and returns its address.
func NewDSN(t testing.TB) string {
	t.Helper()
	from, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return clone(t, from.address, from.template)
}

// NewEmptyDSN makes a database without any table, for tests of the migrations.
func NewEmptyDSN(t testing.TB) string {
	t.Helper()
	from, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return clone(t, from.address, "template0")
}

func clone(t testing.TB, address, template string) string {
	t.Helper()
	name := "kapok_test_" + random()
	create := "create database " + pgx.Identifier{name}.Sanitize() + " template " + pgx.Identifier{template}.Sanitize()
	if err := execute(t.Context(), address, create); err != nil {
		t.Fatalf("pgtest: make a database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := execute(ctx, address, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)"); err != nil {
			t.Errorf("pgtest: drop the test's database: %v", err)
		}
	})
	return withDatabase(address, name)
}

func random() string {
	var name [8]byte
	_, _ = rand.Read(name[:]) // never fails
	return hex.EncodeToString(name[:])
}

// execute runs one statement on a connection of its own: neither a template nor a
// database to be dropped may have others.
func execute(ctx context.Context, address, statement string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // the statement's own error counts
	_, err = conn.Exec(ctx, statement)
	return err
}

// withDatabase replaces the database in an address, which is a URL.
func withDatabase(address, name string) string {
	at, err := url.Parse(address)
	if err != nil {
		panic("pgtest: DATABASE_URL is not a URL") // shared has read it before
	}
	at.Path = "/" + name
	return at.String()
}
