package postgres_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

var errFault = errors.New("a fault of the test")

// faulty fails once, at one point, when armed; loads is how many loads fail after
// that.
type faulty struct {
	ledger.Store
	db    *postgres.DB
	point string
	asks  bool         // every batch asks first what stands in its way
	armed atomic.Int32 // how many more times
	loads atomic.Int32
}

func (f *faulty) fires(point string) bool {
	return f.point == point && f.armed.Add(-1) >= 0
}

func (f *faulty) Load(ctx context.Context, lease ledger.Lease) (ledger.State, error) {
	if f.loads.Add(-1) >= 0 {
		return ledger.State{}, errFault
	}
	return f.Store.Load(ctx, lease)
}

func (f *faulty) Begin(ctx context.Context, lease ledger.Lease, ask ledger.Ask) (ledger.Batch, ledger.Read, error) {
	if f.fires("before begin") {
		return nil, ledger.Read{}, errFault
	}
	if f.fires("origin moved") {
		ask.Size++
	}
	batch, read, err := f.Store.Begin(ctx, lease, ask)
	if err != nil {
		return nil, read, err
	}
	if f.fires("after begin") {
		batch.Discard(ctx)
		return nil, ledger.Read{}, errFault
	}
	return &faultyBatch{batch, f}, read, nil
}

func (f *faulty) Seal(ctx context.Context, lease ledger.Lease, ask ledger.Ask, w ledger.Write) error {
	if f.asks {
		return ledger.ErrFound
	}
	if f.fires("before begin") || f.fires("after begin") || f.fires("fail without applying") {
		return errFault
	}
	if f.fires("origin moved") {
		ask.Size++
	}
	if f.fires("write refused") {
		w.Rows[0].Entry = nil // NOT NULL
	}
	err := f.Store.Seal(ctx, lease, ask, w)
	if err == nil && f.fires("apply and fail") {
		return errFault
	}
	return err
}

type faultyBatch struct {
	ledger.Batch
	store *faulty
}

func (b *faultyBatch) Commit(ctx context.Context, w ledger.Write) error {
	if b.store.fires("fail without applying") {
		b.Discard(ctx)
		return errFault
	}
	if b.store.fires("connection killed") {
		_, err := b.store.db.Pool().Exec(ctx, `
			select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`)
		if err != nil {
			return err
		}
	}
	if b.store.fires("write refused") {
		w.Rows[0].Entry = nil // NOT NULL
	}
	err := b.Batch.Commit(ctx, w)
	if err == nil && b.store.fires("apply and fail") {
		return errFault
	}
	return err
}

// TestLedgerFaults is a table of what may go wrong in one batch. After each fault
// the answer must be true of the database, the log must go on by itself, and
// everything in the database must agree.
func TestLedgerFaults(t *testing.T) {
	for _, c := range []struct {
		name, point string
		times       int32  // in a row
		loads       int32  // loads that fail besides
		code        string // "" : the append succeeds
		recorded    bool
	}{
		{"begin fails once", "before begin", 1, 0, "", true},
		{"begin fails twice", "before begin", 2, 0, "ledger-unavailable", false},
		{"reading fails once", "after begin", 1, 0, "", true},
		{"reading fails twice", "after begin", 2, 0, "ledger-unavailable", false},
		{"the origin is not where we thought", "origin moved", 1, 0, "", true},
		{"the commit fails once", "fail without applying", 1, 0, "", true},
		{"the commit fails twice", "fail without applying", 2, 0, "ledger-unavailable", false},
		{"the commit's reply is lost", "apply and fail", 1, 0, "", true},
		{"the commit's reply is lost and the database too", "apply and fail", 1, 1, "ledger-outcome-unknown", true},
		{"the commit fails and the database is lost", "fail without applying", 1, 1, "ledger-outcome-unknown", false},
		{"the database refuses a row once", "write refused", 1, 0, "", true},
		{"the connection is killed before the commit", "connection killed", 1, 0, "", true},
	} {
		for way, asks := range map[string]bool{"at once": false, "asking first": true} {
			if c.point == "connection killed" && !asks {
				continue // there is no moment in between; the database that goes away is in the other half
			}
			t.Run(c.name+", "+way, func(t *testing.T) {
				db, d := pgtest.New(t), newDistrict(t)
				store := &faulty{Store: db.Ledger(), db: db, point: c.point, asks: asks}
				log := openLog(t, store, d.options(originA, "a"))
				appendMany(t, log, 260, func(ledger.Sealed) {})
				store.loads.Store(c.loads)
				store.armed.Store(c.times)
				afterFault(t, db, d, log, c.code, c.recorded)
			})
		}
	}
}

// afterFault appends into the armed fault, and again.
func afterFault(t *testing.T, db *postgres.DB, d district, log *ledger.Log, code string, recorded bool) {
	t.Helper()
	ask := simple(1)
	ask.Claims = []ledger.Claim{claim("nonce", "n", "first")}
	sealed, err := log.Append(t.Context(), ask)
	want := 260
	if recorded {
		want++
	}
	if code == "" {
		if err != nil {
			t.Fatalf("the append failed: %v", err)
		}
		raw, err := sealed.Receipt(nil)
		if err != nil {
			t.Fatal(err)
		}
		d.mustVerify(t, raw)
	} else if codeOf(err) != code {
		t.Fatalf("%v, want %s", err, code)
	}
	recompute(t, db, originA, want)
	again, err := log.Append(t.Context(), ask)
	if err != nil {
		t.Fatalf("the log does not go on: %v", err)
	}
	if again.Found.Clear() == recorded {
		t.Errorf("recorded is %v, but a second append of the same claim found %+v", recorded, again.Found)
	}
	recompute(t, db, originA, want+1)
}
