package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func separator(dsn string) string {
	if strings.Contains(dsn, "?") {
		return "&"
	}
	return "?"
}

const citizen = "0123456789abcdef0123456789abcdef"

// change commits a state change that leaves a pending entry.
func change(t testing.TB, db *postgres.DB, kind ledger.Kind) (pendingID string) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx pgx.Tx) (err error) {
		entry := ledger.Entry{Kind: kind, At: time.Now(), Fields: []ledger.Field{{Name: "basis", Value: "basis-1"}}}
		pendingID, err = postgres.PendEntry(t.Context(), tx, entry, citizen)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pendingID
}

func TestLedgerDrainsAStateChange(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	id := change(t, db, "basis-withdrawn")
	for range 2 { // the second time it is sealed already
		sealed, err := log.Drain(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := sealed.Receipt(nil)
		if err != nil {
			t.Fatal(err)
		}
		told := d.mustVerify(t, raw)
		if told.Kind != "basis-withdrawn" || len(told.Shown) != 2 || told.Shown[1].Value != citizen {
			t.Errorf("told %+v", told)
		}
	}
	if _, err := log.Drain(t.Context(), "no such"); codeOf(err) != "ledger-pending-unknown" {
		t.Errorf("%v", err)
	}
	if swept, err := db.Ledger().SweepPending(t.Context(), time.Now().Add(time.Minute), 10); err != nil || swept != 1 {
		t.Errorf("swept %d, %v", swept, err)
	}
}

// TestLedgerPendingSurvivesACrash: no log runs when the change commits; whoever
// opens next seals it.
func TestLedgerPendingSurvivesACrash(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	for range 300 { // more than one batch takes
		change(t, db, "basis-granted")
	}
	openLog(t, db.Ledger(), d.options(originA, "a"))
	deadline := time.Now().Add(10 * time.Second)
	for {
		var left int
		if err := db.Pool().QueryRow(t.Context(), `select count(*) from ledger_pending where idx is null`).Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d entries are still pending", left)
		}
		time.Sleep(50 * time.Millisecond)
	}
	recompute(t, db, originA, 300)
}

// TestLedgerDrainsOnTwoLogs: each change is sealed once, whichever log is asked.
func TestLedgerDrainsOnTwoLogs(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	logs := []*ledger.Log{
		openLog(t, db.Ledger(), d.options(originA, "a")),
		openLog(t, db.Ledger(), d.options(originB, "b")),
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	places := map[string]bool{}
	for i := range 30 {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			id := change(t, db, "basis-granted")
			sealed, err := logs[i%2].Drain(ctx, id)
			if err != nil {
				t.Error(err)
				return
			}
			raw, err := sealed.Receipt(nil)
			if err != nil {
				t.Error(err)
				return
			}
			d.mustVerify(t, raw)
			mu.Lock()
			places[fmt.Sprint(sealed.Origin, sealed.Index)] = true
			mu.Unlock()
		})
	}
	group.Wait()
	var a, b int
	if err := db.Pool().QueryRow(t.Context(), `select count(*) filter (where origin = $1), count(*) filter (where origin = $2) from ledger_entries`, originA, originB).Scan(&a, &b); err != nil {
		t.Fatal(err)
	}
	if len(places) != 30 || a+b != 30 {
		t.Errorf("%d places, %d + %d entries, want 30", len(places), a, b)
	}
	recompute(t, db, originA, a)
	recompute(t, db, originB, b)
}

func TestLedgerPendingEntriesAreCheckedWhenWritten(t *testing.T) {
	db := pgtest.New(t)
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		_, err := postgres.PendEntry(t.Context(), tx, ledger.Entry{Kind: "Not A Kind", At: time.Now()}, "")
		return err
	})
	if err == nil {
		t.Error("an entry that no batch could seal was left pending")
	}
}
