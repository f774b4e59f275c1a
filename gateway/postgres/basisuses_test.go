package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// basisWorld is a store with one log.
type basisWorld struct {
	db  *postgres.DB
	log *ledger.Log
}

func openWorld(t *testing.T) basisWorld {
	t.Helper()
	db := pgtest.New(t)
	return basisWorld{db: db, log: openLog(t, db.Ledger(), newDistrict(t).options(originA, "a"))}
}

func (w basisWorld) append(t *testing.T, entry ledger.Entry) {
	t.Helper()
	if _, err := w.log.Append(t.Context(), ledger.Append{Entry: func(ledger.Found) ledger.Entry { return entry }}); err != nil {
		t.Fatal(err)
	}
}

// stopped asks the log itself.
func (w basisWorld) stopped(t *testing.T, stop ledger.Stop) bool {
	t.Helper()
	sealed, err := w.log.Append(t.Context(), ledger.Append{Stops: []ledger.Stop{stop}, Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: "probe", At: time.Now()}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return len(sealed.Found.Stopped) > 0
}

func limited(t testing.TB, most, perDay int) basis.Basis {
	t.Helper()
	draft := consentOf(t, aPerson)
	draft.MaxUses, draft.PerDay = most, perDay
	b, err := basis.New(draft, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var today = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func refNo(i int) string { return fmt.Sprintf("%032x", i) }

// TestUsesAreCountedExactly lets 200 take one use at once on two nodes, and then as many
// take three a day.
func TestUsesAreCountedExactly(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	nodes := []*postgres.DB{pgtest.Open(t, dsn), pgtest.Open(t, dsn)}
	for _, c := range []struct {
		b    basis.Basis
		want int64
	}{{limited(t, 1, 0), 1}, {limited(t, 0, 3), 3}, {limited(t, 5, 2), 2}} {
		grant(t, nodes[0], c.b)
		var within atomic.Int64
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				ok, err := nodes[i%2].ReserveBasisUse(t.Context(), c.b, refNo(i), today, time.Now())
				if err != nil {
					t.Error(err)
				}
				if ok {
					within.Add(1)
				}
			})
		}
		all.Wait()
		if within.Load() != c.want {
			t.Errorf("of %d and %d a day, %d were taken", c.b.MaxUses, c.b.PerDay, within.Load())
		}
	}
}

func reserve(t *testing.T, db *postgres.DB, b basis.Basis, ref string, day time.Time) bool {
	t.Helper()
	within, err := db.ReserveBasisUse(t.Context(), b, ref, day, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return within
}

func TestUseIsGivenBack(t *testing.T) {
	db := pgtest.New(t)
	b := limited(t, 2, 1)
	grant(t, db, b)
	if !reserve(t, db, b, refNo(1), today) || !reserve(t, db, b, refNo(1), today) {
		t.Error("reserving twice for one exchange takes two")
	}
	if reserve(t, db, b, refNo(2), today) {
		t.Error("two on one day")
	}
	for range 2 { // once is enough, twice does no harm
		if err := db.ReturnBasisUse(t.Context(), b.ID, refNo(1)); err != nil {
			t.Fatal(err)
		}
	}
	if !reserve(t, db, b, refNo(3), today) || !reserve(t, db, b, refNo(4), today.AddDate(0, 0, 1)) {
		t.Error("what was given back is lost")
	}
	if reserve(t, db, b, refNo(5), today.AddDate(0, 0, 2)) {
		t.Error("three in all")
	}
}

// TestUsesAreSettledByTheLedger: what a node that died left reserved goes by what the
// ledger says.
func TestUsesAreSettledByTheLedger(t *testing.T) {
	w := openWorld(t)
	db := w.db
	b := limited(t, 4, 0)
	grant(t, db, b)
	for i, kinds := range [][2]string{{"intent", "released"}, {"intent", "failed"}, {"intent", ""}, {"", ""}} {
		ref := refNo(100 + i)
		reserve(t, db, b, ref, today)
		if kinds[0] != "" {
			w.append(t, ledger.Entry{Kind: ledger.IntentKind, Ref: ref, At: time.Now()})
		}
		if kinds[1] != "" {
			w.append(t, ledger.Entry{Kind: ledger.OutcomeKind, Ref: ref, At: time.Now(), Fields: []ledger.Field{{Name: "result", Value: kinds[1]}}})
		}
	}
	if _, err := db.SettleBasisUses(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	wantUses(t, db, b, 4)
	if _, err := db.SettleBasisUses(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	wantUses(t, db, b, 2) // the one released, and the one that nobody has closed yet
}

func TestExhaustedBasesAreFound(t *testing.T) {
	w := openWorld(t)
	b := limited(t, 1, 0)
	grant(t, w.db, b)
	reserve(t, w.db, b, refNo(1), today)
	w.append(t, ledger.Entry{Kind: ledger.IntentKind, Ref: refNo(1), At: time.Now()})
	later := time.Now().Add(time.Hour)
	if found, err := w.db.SettleBasisUses(t.Context(), later); err != nil || len(found) != 0 {
		t.Errorf("while it is on its way: %d, %v", len(found), err)
	}
	w.append(t, ledger.Entry{Kind: ledger.OutcomeKind, Ref: refNo(1), At: time.Now(), Fields: []ledger.Field{{Name: "result", Value: "released"}}})
	if found, err := w.db.SettleBasisUses(t.Context(), later); err != nil || len(found) != 1 || found[0].ID != b.ID {
		t.Errorf("found %d, %v", len(found), err)
	}
}

func wantUses(t *testing.T, db *postgres.DB, b basis.Basis, want int) {
	t.Helper()
	if taken, err := db.UsesOfBasis(t.Context(), b.ID); err != nil || taken != want {
		t.Errorf("%d uses are taken, %v; want %d", taken, err, want)
	}
}

func TestPauseAndResume(t *testing.T) {
	w := openWorld(t)
	b := consentOf(t, aPerson)
	grant(t, w.db, b)
	stop := ledger.Stop{Kind: "basis", ID: b.ID}
	for _, step := range []struct {
		event   basis.Event
		stopped bool
	}{{basis.EventPaused, true}, {basis.EventResumed, false}, {basis.EventPaused, true}, {basis.EventWithdrawn, true}} {
		change := withdrawal(b)
		change.Event = step.event
		if _, pending, err := w.db.ChangeBasis(t.Context(), change); err != nil || pending == "" {
			t.Fatalf("%s: pending %q, %v", step.event, pending, err)
		}
		if got := w.stopped(t, stop); got != step.stopped {
			t.Errorf("after %s the logs hold it stopped: %v", step.event, got)
		}
	}
	change := withdrawal(b)
	change.Event = basis.EventResumed
	_, _, err := w.db.ChangeBasis(t.Context(), change)
	problem(t, err, gateway.Conflict, "basis-state")
}
