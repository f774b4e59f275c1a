package postgres_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/sm"
	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func refOfIntent(origin string, i int) string {
	sum := sm.Sum([]byte(origin), []byte{byte(i)})
	return fmt.Sprintf("%x", sum[:16])
}

func anOutcome(origin string, i int, result string) ledger.Append {
	return ledger.Append{Subject: fmt.Sprintf("%032x", i), Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: ledger.OutcomeKind, Ref: refOfIntent(origin, i), At: time.Now(), Fields: []ledger.Field{{Name: "result", Value: result}}}
	}}
}

func mustAppend(t *testing.T, log *ledger.Log, a ledger.Append) {
	t.Helper()
	if _, err := log.Append(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// deadNode leaves a log as a node does that was killed: its lease runs out. Intent 0
// has no outcome; 1 was released and nobody knows whether it was handed over; 2 was
// handed over; 3 failed and its node died before it noted that.
func deadNode(t *testing.T, db *postgres.DB, d district) {
	t.Helper()
	options := d.options(originA, "a")
	options.Lease = 300 * time.Millisecond
	store := &abandoned{Store: db.Ledger()}
	log := openLog(t, store, options)
	for i := range 4 {
		mustAppend(t, log, anIntent(originA, i))
	}
	for i, result := range map[int]string{1: closing.Released, 2: closing.Released, 3: closing.Failed} {
		mustAppend(t, log, anOutcome(originA, i, result))
	}
	log.Settled(refOfIntent(originA, 2))
	waitUntil(t, "the store has settled one intent", func() bool { return countOf(t, db, `select count(*) from ledger_open`) == 3 })
	store.dead.Store(true)
}

func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not after 10 s: %s", what)
}

func countOf(t *testing.T, db *postgres.DB, sql string, args ...any) (n int) {
	t.Helper()
	if err := db.Pool().QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// results lists the last result of each intent's outcomes.
func results(t *testing.T, db *postgres.DB) map[int]string {
	t.Helper()
	said := map[int]string{}
	for i := range 4 {
		found, err := db.Ledger().Find(t.Context(), refOfIntent(originA, i))
		if err != nil {
			t.Fatal(err)
		}
		last := found[len(found)-1].Entry
		said[i] = last.Value("result")
		listed, err := db.Ledger().Accesses(t.Context(), fmt.Sprintf("%032x", i), postgres.LedgerPlace{}, 1)
		if err != nil || len(listed) != 1 || listed[0].Entry.Value("result") != said[i] {
			t.Errorf("intent %d: the citizen does not see what became of it: %+v, %v", i, listed, err)
		}
	}
	return said
}

func wantClosed(t *testing.T, db *postgres.DB) {
	t.Helper()
	said := results(t, db)
	for i, want := range map[int]string{0: closing.NotReleased, 1: closing.ReleaseUnknown, 2: closing.Released, 3: closing.Failed} {
		if said[i] != want {
			t.Errorf("intent %d: %s, want %s", i, said[i], want)
		}
	}
	if open := countOf(t, db, `select count(*) from ledger_open`); open != 0 {
		t.Errorf("%d intents are open still", open)
	}
}

func (d district) watcher(db *postgres.DB, own string, watch time.Duration) *closing.Watcher {
	return closing.NewWatcher(closing.Options{
		Store: db.Ledger(), Intents: db.Ledger(), Estates: db.Ledger().Estates,
		Floor:   func(string) (string, error) { return "", nil },
		Signing: func() ledger.Signing { return d.signing }, Own: own, Node: "b", Log: slog.New(slog.DiscardHandler), Watch: watch,
	})
}

func TestTakeover(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	deadNode(t, db, d)
	openLog(t, db.Ledger(), d.options(originB, "b"))
	watcher := d.watcher(db, originB, time.Second)
	now := time.Now()
	if err := watcher.Look(t.Context(), now); err != nil { // the lease may not have ended yet
		t.Fatal(err)
	}
	time.Sleep(400 * time.Millisecond)
	for _, later := range []time.Duration{0, 900 * time.Millisecond} {
		if err := watcher.Look(t.Context(), now.Add(later)); err != nil {
			t.Fatal(err)
		}
		if _, retired, err := db.Ledger().Head(t.Context(), originA); err != nil || retired {
			t.Fatalf("it was taken over before it was watched long enough: %v, %v", retired, err)
		}
	}
	if err := watcher.Look(t.Context(), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	wantClosed(t, db)
	if _, err := ledger.Open(t.Context(), db.Ledger(), d.options(originA, "a")); !errors.Is(err, ledger.ErrRetired) {
		t.Errorf("a retired log was opened again: %v", err)
	}
	last := countOf(t, db, `select count(*) from ledger_entries where origin = $1`, originA)
	raw, err := ledger.ReceiptAt(t.Context(), db.Ledger(), originA, uint64(last-1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if told := d.mustVerify(t, raw); told.Kind != ledger.RetiredKind {
		t.Errorf("its last entry is %s", told.Kind)
	}
	err = db.InTx(t.Context(), func(tx pgx.Tx) error {
		return postgres.StopEverywhere(t.Context(), tx, ledger.Stop{Kind: "basis", ID: "late"})
	})
	if err != nil {
		t.Errorf("a stop after the takeover: %v", err)
	}
	report, err := db.Ledger().Audit(t.Context(), ledger.AuditOptions{Bundle: d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{})})
	if err != nil || !report.OK() {
		t.Errorf("the audit: %+v, %v", report.Altered, err)
	}
}

// TestTakeoverLeavesTheLiving: a log whose lease ended and whose node came back, and
// one that was given up in good order.
func TestTakeoverLeavesTheLiving(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	alive := openLog(t, db.Ledger(), d.options(originA, "a"))
	closed := openLog(t, db.Ledger(), d.options(originB, "b"))
	if err := closed.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expire := `update ledger_origins set lease_until = clock_timestamp() - interval '1 minute' where origin <> ''`
	watcher := d.watcher(db, "kapok.example.cn/c", time.Second)
	now := time.Now()
	for _, step := range []struct {
		sql   string
		later time.Duration
	}{
		{expire, 0},
		{`update ledger_origins set lease_until = clock_timestamp() + interval '1 minute' where lease_token <> ''`, 800 * time.Millisecond}, // it renewed
		{expire, 2 * time.Second},
	} {
		if _, err := db.Pool().Exec(t.Context(), step.sql); err != nil {
			t.Fatal(err)
		}
		if err := watcher.Look(t.Context(), now.Add(step.later)); err != nil {
			t.Fatal(err)
		}
	}
	if n := countOf(t, db, `select count(*) from ledger_origins where retired_at is not null`); n != 0 {
		t.Errorf("%d logs of the living were taken over", n)
	}
	mustAppend(t, alive, simple(1))
}

// TestOwnIntentsAreClosedAtStart: the same node comes back under the same name.
func TestOwnIntentsAreClosedAtStart(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	deadNode(t, db, d)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	for range 2 { // a second time finds nothing to do
		if _, err := closing.All(t.Context(), log, db.Ledger(), originA, closing.NodeEnded, "a"); err != nil {
			t.Fatal(err)
		}
	}
	wantClosed(t, db)
	recompute(t, db, originA, 7+2)
}

// TestLogBehindItsAnchorIsNotContinued sets the database back under a log that is
// closed, and under one that runs.
func TestLogBehindItsAnchorIsNotContinued(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	appendMany(t, log, 300, func(ledger.Sealed) {})
	anchored, _, err := db.Ledger().Head(t.Context(), originA)
	if err != nil {
		t.Fatal(err)
	}
	inTx := func(do func(tx pgx.Tx)) {
		if err := db.InTx(t.Context(), func(tx pgx.Tx) error { do(tx); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	inTx(func(tx pgx.Tx) { cutTail(t, tx, newRandom(), victim{}, originA) })
	if _, err := log.Append(t.Context(), simple(1)); codeOf(err) != "ledger-behind-anchor" {
		t.Errorf("a running log went on behind itself: %v", err)
	}
	if codeOf(log.Ready()) != "ledger-behind-anchor" {
		t.Errorf("it says that it is ready: %v", log.Ready())
	}
	stored := countOf(t, db, `select count(*) from ledger_entries`)
	options := d.options(originA, "a")
	options.Floor = anchored
	if _, err := ledger.Open(t.Context(), db.Ledger(), options); codeOf(err) != "ledger-behind-anchor" {
		t.Errorf("a log behind its anchor was opened: %v", err)
	}
	for i := range 300 { // longer than the anchor, but another log
		options.Floor = ""
		if i == 0 {
			log = openLog(t, db.Ledger(), options)
		}
		mustAppend(t, log, simple(i))
	}
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	options.Floor = anchored
	if _, err := ledger.Open(t.Context(), db.Ledger(), options); codeOf(err) != "ledger-behind-anchor" {
		t.Errorf("a log that contradicts its anchor was opened: %v", err)
	}
	recompute(t, db, originA, stored+300)
}
