package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func TestLedgerLease(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	options := d.options(originA, "a")
	options.Lease = 900 * time.Millisecond
	first := openLog(t, db.Ledger(), options)
	appendMany(t, first, 10, func(ledger.Sealed) {})

	stranger := d.options(originA, "b")
	if _, err := ledger.Open(t.Context(), db.Ledger(), stranger); !errors.Is(err, ledger.ErrLeaseHeld) {
		t.Fatalf("another node opened a log whose lease is held: %v", err)
	}
	time.Sleep(1500 * time.Millisecond) // longer than the lease: it is renewed meanwhile
	if _, err := ledger.Open(t.Context(), db.Ledger(), stranger); !errors.Is(err, ledger.ErrLeaseHeld) {
		t.Fatalf("the lease was not renewed: %v", err)
	}

	second := openLog(t, db.Ledger(), options) // the same node, started again
	if _, err := first.Append(t.Context(), simple(1)); codeOf(err) != "ledger-lease-lost" {
		t.Errorf("the former holder could write: %v", err)
	}
	if _, err := first.Append(t.Context(), simple(1)); codeOf(err) != "ledger-lease-lost" {
		t.Errorf("the former holder recovered by itself: %v", err)
	}
	sealed, err := second.Append(t.Context(), simple(2))
	if err != nil || sealed.Index != 10 {
		t.Errorf("the new holder sealed entry %d, %v", sealed.Index, err)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Append(t.Context(), simple(3)); codeOf(err) != "ledger-closed" {
		t.Errorf("a closed log took an entry: %v", err)
	}
	third := openLog(t, db.Ledger(), stranger) // given up, so another node may
	if sealed, err := third.Append(t.Context(), simple(4)); err != nil || sealed.Index != 11 {
		t.Errorf("the next node sealed entry %d, %v", sealed.Index, err)
	}
	recompute(t, db, originA, 12)
}

// TestLedgerLeaseIsNoticedWhenIdle: a log that only renews learns that it is fenced.
func TestLedgerLeaseIsNoticedWhenIdle(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	options := d.options(originA, "a")
	options.Lease = 300 * time.Millisecond
	first := openLog(t, db.Ledger(), options)
	openLog(t, db.Ledger(), options)
	time.Sleep(time.Second)
	if _, err := first.Append(t.Context(), simple(1)); codeOf(err) != "ledger-lease-lost" {
		t.Errorf("%v", err)
	}
}

func TestLedgerRefusesToContinueAnAlteredLog(t *testing.T) {
	for name, statement := range map[string]string{
		"an entry changed":    `update ledger_entries set entry = set_byte(entry, 20, get_byte(entry, 20) # 1) where idx = 298`,
		"a tile changed":      `update ledger_tiles set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where level = 1`,
		"a checkpoint gone":   `delete from ledger_checkpoints`,
		"the size cut":        `update ledger_origins set size = size - 1 where origin <> ''`,
		"the last entry gone": `delete from ledger_entries where idx = (select max(idx) from ledger_entries)`,
	} {
		t.Run(name, func(t *testing.T) {
			db, d := pgtest.New(t), newDistrict(t)
			log := openLog(t, db.Ledger(), d.options(originA, "a"))
			appendMany(t, log, 299, func(ledger.Sealed) {})
			if _, err := log.Append(t.Context(), simple(299)); err != nil { // alone: a checkpoint stands one entry before the last
				t.Fatal(err)
			}
			if err := log.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Pool().Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if _, err := ledger.Open(t.Context(), db.Ledger(), d.options(originA, "a")); err == nil {
				t.Error("the log was opened all the same")
			}
		})
	}
}

// TestLedgerRights runs the ledger as the gateway's role and tries what that role
// must not be able to do.
func TestLedgerRights(t *testing.T) {
	dsn, d := pgtest.NewDSN(t), newDistrict(t)
	owner := pgtest.Open(t, dsn)
	db := pgtest.Open(t, dsn+separator(dsn)+"role=kapok_gateway")
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	ask := simple(1)
	ask.Stops = []ledger.Stop{{Kind: "basis", ID: "x"}}
	ask.Claims = []ledger.Claim{claim("nonce", "n", "r")}
	if _, err := log.Append(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Drain(t.Context(), change(t, db, "basis-granted")); err != nil {
		t.Fatal(err)
	}
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		return postgres.StopEverywhere(t.Context(), tx, ledger.Stop{Kind: "basis", ID: "x"})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`update ledger_entries set kind = 'other'`,
		`delete from ledger_entries`,
		`truncate ledger_entries`,
		`update ledger_checkpoints set note = ''`,
		`delete from ledger_checkpoints`,
		`update ledger_keys set key = ''`,
		`delete from ledger_tiles`,
		`delete from ledger_stops`,
		`update ledger_stops set size = 0`,
		`delete from ledger_editions`,
		`update ledger_editions set number = 1`,
		`update ledger_accesses set idx = 0`,
		`delete from ledger_origins`,
		`alter table ledger_entries add column x int`,
	} {
		if _, err := db.Pool().Exec(t.Context(), statement); err == nil {
			t.Errorf("the gateway's role could: %s", statement)
		}
	}
	recompute(t, owner, originA, -1) // two, and the log's own about the stop where it came to write that
}
