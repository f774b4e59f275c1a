package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres/pgtest"
)

// slow holds every batch back until it is let go.
type slow struct {
	ledger.Store
	entered chan struct{}
	release chan struct{}
}

func (s *slow) Begin(ctx context.Context, lease ledger.Lease, ask ledger.Ask) (ledger.Batch, ledger.Read, error) {
	select {
	case s.entered <- struct{}{}:
	default:
	}
	<-s.release
	return s.Store.Begin(ctx, lease, ask)
}

// TestLedgerQueueFull: what does not fit is refused at once, and what was accepted
// is sealed all the same.
func TestLedgerQueueFull(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	store := &slow{Store: db.Ledger(), entered: make(chan struct{}, 1), release: make(chan struct{})}
	options := d.options(originA, "a")
	options.Queue, options.MaxBatch = 2, 1
	log := openLog(t, store, options)
	<-store.entered    // the first look for pending entries
	for i := range 2 { // these callers give up; what they asked for was accepted
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := log.Append(ctx, simple(i))
		cancel()
		if codeOf(err) != "ledger-outcome-unknown" {
			t.Fatalf("an append whose caller gave up: %v", err)
		}
	}
	_, err := log.Append(t.Context(), simple(2))
	if failure := gateway.AsError(err); failure.Code != "ledger-busy" || failure.Kind != gateway.Unavailable || failure.RetryAfter <= 0 {
		t.Errorf("a full queue: %+v", failure)
	}
	close(store.release)
	if _, err := log.Append(t.Context(), simple(3)); err != nil && codeOf(err) != "ledger-busy" {
		t.Error(err)
	}
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var first int
	err = db.Pool().QueryRow(t.Context(), `select count(*) from ledger_entries where ref in (decode(lpad('0', 32, '0'), 'hex'), decode(lpad('1', 32, '0'), 'hex'))`).Scan(&first)
	if err != nil || first != 2 {
		t.Errorf("of 2 accepted appends %d were sealed, %v", first, err)
	}
	recompute(t, db, originA, -1)
}

// TestLedgerBadMembersLeaveTheBatch: one member's fault is its own.
func TestLedgerBadMembersLeaveTheBatch(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	store := &slow{Store: db.Ledger(), entered: make(chan struct{}, 1), release: make(chan struct{})}
	log := openLog(t, store, d.options(originA, "a"))
	<-store.entered // so that all of these make up one batch
	bad := map[string]ledger.Append{
		"panics":       {Entry: func(ledger.Found) ledger.Entry { panic("a fault of the caller") }},
		"breaks rules": {Entry: func(ledger.Found) ledger.Entry { return ledger.Entry{Kind: "No Kind"} }},
		"field twice": {Entry: func(ledger.Found) ledger.Entry {
			return ledger.Entry{Kind: "x", Fields: []ledger.Field{{Name: "a"}, {Name: "a"}}}
		}},
	}
	var group sync.WaitGroup
	for name, member := range bad {
		group.Go(func() {
			if _, err := log.Append(t.Context(), member); codeOf(err) != "ledger-entry-malformed" {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	for i := range 5 {
		group.Go(func() {
			if _, err := log.Append(t.Context(), simple(i)); err != nil {
				t.Errorf("a good member: %v", err)
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	close(store.release)
	group.Wait()
	if _, err := log.Append(t.Context(), ledger.Append{Subject: "a\x00b", Entry: simple(1).Entry}); codeOf(err) != "ledger-append-malformed" {
		t.Errorf("a text that no database takes: %v", err)
	}
	recompute(t, db, originA, 5)
}

// TestLedgerClockBack: sealing times never run backwards, and an entry is never
// later than its sealing.
func TestLedgerClockBack(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	options := d.options(originA, "a")
	back := time.Duration(0)
	var mu sync.Mutex
	options.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(-back)
	}
	log := openLog(t, db.Ledger(), options)
	var last time.Time
	for range 3 {
		sealed, err := log.Append(t.Context(), simple(1))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := sealed.Receipt(nil)
		if err != nil {
			t.Fatal(err)
		}
		told := d.mustVerify(t, raw)
		if told.Sealed.Before(last) || told.At.After(told.Sealed) {
			t.Errorf("sealed %v after %v, happened %v", told.Sealed, last, told.At)
		}
		last = told.Sealed
		mu.Lock()
		back += 20 * time.Minute
		mu.Unlock()
	}
}
