package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/postgres"
	"kapok/gateway/postgres/local"
)

// source is where this binary's test databases come from.
type source struct {
	address  string // of a database from which others can be made
	template string
}

// shared finds or starts the server and makes the template, once per test binary.
var shared = sync.OnceValues(func() (source, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	address, err := server(ctx)
	if err != nil {
		return source{}, fmt.Errorf("pgtest: %w", err)
	}
	digest, err := postgres.MigrationsDigest()
	if err != nil {
		return source{}, err
	}
	template := "kapok_template_" + digest
	if err := makeTemplate(ctx, address, template); err != nil {
		return source{}, fmt.Errorf("pgtest: make the template database: %w", err)
	}
	return source{address: address, template: template}, nil
})

func server(ctx context.Context) (string, error) {
	if address := os.Getenv("DATABASE_URL"); address != "" {
		if at, err := url.Parse(address); err != nil || at.Scheme == "" {
			return "", errors.New("DATABASE_URL must be a URL (postgres://…) for tests")
		}
		return address, nil
	}
	dir, err := temporary()
	if err != nil {
		return "", err
	}
	started, err := local.Start(ctx, local.Options{Dir: dir, Temporary: true})
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return started.DSN(), nil
}

// temporary is a folder in /tmp, not where TMPDIR points: the way there must be open
// to the server's account, and short.
func temporary() (string, error) {
	return os.MkdirTemp("/tmp", "kapok-pgtest-")
}

// makeTemplate migrates a database and then closes it to all connections. Test
// binaries that share a server take turns; the first one does the work.
func makeTemplate(ctx context.Context, address, template string) (err error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtext($1))", template); err != nil {
		return err
	}
	var made bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", template).Scan(&made); err != nil || made {
		return err
	}
	return draftTemplate(ctx, conn, address, template)
}

// draftTemplate works under another name until all is done: a binary that is killed
// on the way leaves a draft, which the next one drops.
func draftTemplate(ctx context.Context, conn *pgx.Conn, address, template string) error {
	draft := template + "_draft"
	name := pgx.Identifier{draft}.Sanitize()
	for _, statement := range []string{
		"drop database if exists " + name + " with (force)",
		"create database " + name + " template template0",
	} {
		if err := run(ctx, conn, statement); err != nil {
			return err
		}
	}
	if err := migrate(ctx, withDatabase(address, draft)); err != nil {
		return err
	}
	if err := run(ctx, conn, "alter database "+name+" allow_connections false"); err != nil {
		return err
	}
	return run(ctx, conn, "alter database "+name+" rename to "+pgx.Identifier{template}.Sanitize())
}

func run(ctx context.Context, conn *pgx.Conn, statement string) error {
	_, err := conn.Exec(ctx, statement)
	return err
}

func migrate(ctx context.Context, dsn string) error {
	db, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Migrate(ctx)
}

// Durable starts a server of this test's own, with fsync and full_page_writes on,
// migrated and empty. The test may stop, kill and start it again on the folder
// returned; the folder is deleted when the test ends.
func Durable(t testing.TB) (server *local.Server, dir string) {
	t.Helper()
	folder, err := temporary()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Errorf("pgtest: delete the server's folder: %v", err)
		}
	})
	dir = filepath.Join(folder, "postgres")
	if err := os.Chmod(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	server = Restart(t, dir)
	if err := migrate(t.Context(), server.DSN()); err != nil {
		t.Fatal(err)
	}
	return server, dir
}

// Restart starts a durable server on a folder that [Durable] made, until the test ends.
func Restart(t testing.TB, dir string) *local.Server {
	t.Helper()
	server, err := local.Start(t.Context(), local.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}
