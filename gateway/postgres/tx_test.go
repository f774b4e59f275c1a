package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func count(t *testing.T, db *postgres.DB, table string) int {
	t.Helper()
	var n int
	if err := db.Pool().QueryRow(t.Context(), "select count(*) from "+pgx.Identifier{table}.Sanitize()).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func scratch(t *testing.T) *postgres.DB {
	t.Helper()
	db := pgtest.New(t)
	if _, err := db.Pool().Exec(t.Context(), "create table scratch (n integer primary key, at integer not null default 0)"); err != nil {
		t.Fatal(err)
	}
	return db
}

func insert(ctx context.Context, n int) func(pgx.Tx) error {
	return func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into scratch (n) values ($1)", n)
		return err
	}
}

func TestInTxCommitsAndRollsBack(t *testing.T) {
	db := scratch(t)
	if err := db.InTx(t.Context(), insert(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		return errors.Join(insert(t.Context(), 2)(tx), refused)
	})
	if !errors.Is(err, refused) {
		t.Errorf("error: %v", err)
	}
	if n := count(t, db, "scratch"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestInTxRollsBackOnPanic(t *testing.T) {
	db := scratch(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.InTx(t.Context(), func(tx pgx.Tx) error {
			if err := insert(t.Context(), 1)(tx); err != nil {
				t.Error(err)
			}
			panic("on purpose")
		})
	}()
	if n := count(t, db, "scratch"); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
	if held := db.Pool().Stat().AcquiredConns(); held != 0 {
		t.Errorf("%d connections are still held", held)
	}
}

func TestInTxRefusesNesting(t *testing.T) {
	db := scratch(t)
	for name, act := range map[string]func(pgx.Tx) error{
		"begin":    func(tx pgx.Tx) error { _, err := tx.Begin(t.Context()); return err },
		"commit":   func(tx pgx.Tx) error { return tx.Commit(t.Context()) },
		"rollback": func(tx pgx.Tx) error { return tx.Rollback(t.Context()) },
	} {
		if err := db.InTx(t.Context(), act); err == nil {
			t.Errorf("%s inside a transaction was accepted", name)
		}
	}
}

// TestInTxRepeatsAfterDeadlock locks two rows in opposite orders: the server ends one
// of the two transactions, and both must come through all the same.
func TestInTxRepeatsAfterDeadlock(t *testing.T) {
	db := scratch(t)
	for _, n := range []int{1, 2} {
		if err := db.InTx(t.Context(), insert(t.Context(), n)); err != nil {
			t.Fatal(err)
		}
	}
	var meet sync.WaitGroup
	meet.Add(2)
	runs := make(chan int, 2)
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		go func() {
			tried := 0
			err := db.InTx(t.Context(), func(tx pgx.Tx) error {
				tried++
				for i, n := range order {
					if _, err := tx.Exec(t.Context(), "update scratch set at = at + 1 where n = $1", n); err != nil {
						return err
					}
					if i == 0 && tried == 1 {
						meet.Done()
						meet.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			runs <- tried
		}()
	}
	if first, second := <-runs, <-runs; first+second < 3 {
		t.Error("nothing was repeated: the test met no deadlock")
	}
	var total int
	if err := db.Pool().QueryRow(t.Context(), "select sum(at) from scratch").Scan(&total); err != nil || total != 4 {
		t.Errorf("counted %d (%v), want 4", total, err)
	}
}

func TestInTxGivesUpWhenAlwaysOvertaken(t *testing.T) {
	db := scratch(t)
	tried := 0
	err := db.InTx(t.Context(), func(pgx.Tx) error { tried++; return postgres.ErrAgain })
	known := gateway.AsError(err)
	if known.Kind != gateway.Unavailable || known.Code != "database-contended" || known.RetryAfter == 0 {
		t.Errorf("error: %v", err)
	}
	if tried < 2 {
		t.Errorf("tried %d times", tried)
	}
}

func TestServerGoneIsUnavailable(t *testing.T) {
	server, dir := pgtest.Durable(t)
	db := pgtest.Open(t, server.DSN())
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if known := gateway.AsError(db.Ping(t.Context())); known.Kind != gateway.Unavailable {
			t.Errorf("ping: %v", known)
		}
		err := db.InTx(t.Context(), func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), "select 1"); return err })
		if known := gateway.AsError(err); known.Kind != gateway.Unavailable {
			t.Errorf("transaction: %v", known)
		}
	}
	pgtest.Restart(t, dir)
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("the pool did not find the server again: %v", err)
	}
}

func TestCommitsWithoutDiskAreRefused(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	_, err := postgres.Open(t.Context(), dsn+"&options=-csynchronous_commit%3Doff", postgres.Options{})
	if err == nil {
		t.Fatal("a connection with synchronous_commit=off was accepted")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error: %v", err)
	}
}

func TestAddressIsNotEchoed(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://kapok:geheim@[broken", postgres.Options{})
	if err == nil || len(err.Error()) == 0 {
		t.Fatal("a broken address was accepted")
	}
	if text := err.Error(); len(text) > 0 && containsAny(text, "geheim", "broken") {
		t.Errorf("the error echoes the address: %s", text)
	}
}

func TestStoppedCallerIsNotTheServersFault(t *testing.T) {
	db := scratch(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := db.InTx(ctx, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, "select pg_sleep(5)"); return err })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error: %v", err)
	}
}
