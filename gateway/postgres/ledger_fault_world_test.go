package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// brake makes each commit wait, as a slow disk does, before it is asked for or after it
// was carried out.
type brake struct {
	ledger.Store
	before, after atomic.Int64 // nanoseconds, once
}

func (b *brake) Begin(ctx context.Context, lease ledger.Lease, ask ledger.Ask) (ledger.Batch, ledger.Read, error) {
	batch, read, err := b.Store.Begin(ctx, lease, ask)
	return &brakedBatch{batch, b}, read, err
}

func (b *brake) Seal(ctx context.Context, lease ledger.Lease, ask ledger.Ask, w ledger.Write) error {
	return b.slow(ctx, func(ctx context.Context) error { return b.Store.Seal(ctx, lease, ask, w) })
}

type brakedBatch struct {
	ledger.Batch
	brake *brake
}

func (b *brakedBatch) Commit(ctx context.Context, w ledger.Write) error {
	return b.brake.slow(ctx, func(ctx context.Context) error { return b.Batch.Commit(ctx, w) })
}

func (b *brake) slow(ctx context.Context, commit func(context.Context) error) error {
	if wait := time.Duration(b.before.Swap(0)); wait > 0 {
		time.Sleep(wait) // the deadline of ctx passes meanwhile: nothing is written
	}
	wait := time.Duration(b.after.Swap(0))
	if wait == 0 {
		return commit(ctx)
	}
	if err := commit(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	time.Sleep(wait)
	return context.DeadlineExceeded // the answer came too late
}

// refusing makes the database itself fail the next write, and then no more: a row
// when it is written, or the whole when it is committed.
const refusing = `
	create sequence faults;
	create function fail() returns trigger language plpgsql as $$
	begin
		if nextval('faults') <= %d then
			raise exception 'could not extend file: No space left on device' using errcode = '53100';
		end if;
		return null;
	end $$;
	create constraint trigger full_disk after insert on ledger_checkpoints %s for each row execute function fail()`

// TestLedgerFaultsOfTheWorld is the second half of the fault table: what befalls a node
// from outside. After each the whole log is loaded and computed again.
func TestLedgerFaultsOfTheWorld(t *testing.T) {
	for _, c := range []struct {
		name     string
		befalls  func(t *testing.T, f *faultWorld)
		code     string // of the append under way, one or another; "": it succeeds
		recorded bool
		over     bool // this log is over: another one goes on
	}{
		{"disk full while writing, once", full(1, "deferrable initially immediate"), "", true, false},
		{"disk full while writing", full(2, "deferrable initially immediate"), "ledger-unavailable", false, false},
		{"disk full at commit, once", full(1, "deferrable initially deferred"), "", true, false},
		{"disk full at commit", full(2, "deferrable initially deferred"), "ledger-unavailable ledger-outcome-unknown", false, false},
		{"slow disk, in time", func(_ *testing.T, f *faultWorld) { f.brake.before.Store(int64(100 * time.Millisecond)) }, "", true, false},
		{"slow disk, too late and not applied", func(_ *testing.T, f *faultWorld) { f.brake.before.Store(int64(700 * time.Millisecond)) }, "", true, false},
		{"slow disk, too late and applied", func(_ *testing.T, f *faultWorld) { f.brake.after.Store(int64(700 * time.Millisecond)) }, "", true, false},
		{"clock back by an hour", func(_ *testing.T, f *faultWorld) { f.clock.Store(int64(-time.Hour)) }, "", true, false},
		{"lease lost to another node", loseLease, "ledger-lease-lost", false, true},
		{"database gone and back", func(t *testing.T, f *faultWorld) { f.awayFor(t, 300*time.Millisecond) }, "ledger-unavailable ledger-outcome-unknown", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFaultWorld(t)
			c.befalls(t, f)
			ask := simple(1)
			ask.Claims = []ledger.Claim{claim("nonce", "n", "first")}
			_, err := f.log.Append(t.Context(), ask)
			if c.code == "" && err != nil || c.code != "" && !slices.Contains(strings.Fields(c.code), codeOf(err)) {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if c.over {
				f.log = openLog(t, f.db.Ledger(), f.options)
			}
			f.clock.Store(0)
			again := f.untilTaken(t, ask)
			if again.Found.Clear() == c.recorded {
				t.Errorf("recorded is %v, but a second append of the same claim found %+v", c.recorded, again.Found)
			}
			recompute(t, f.db, originA, -1)
			if err := f.log.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			reloaded := openLog(t, f.db.Ledger(), f.options)
			mustAppend(t, reloaded, simple(2))
			recompute(t, f.db, originA, -1)
		})
	}
}

type faultWorld struct {
	db      *postgres.DB
	brake   *brake
	clock   atomic.Int64 // nanoseconds beside the true time
	options ledger.Options
	log     *ledger.Log
	dsn     string
}

func newFaultWorld(t *testing.T) *faultWorld {
	t.Helper()
	d := newDistrict(t)
	f := &faultWorld{dsn: pgtest.NewDSN(t)}
	f.db = pgtest.Open(t, f.dsn)
	f.brake = &brake{Store: f.db.Ledger()}
	f.options = d.options(originA, "a")
	f.options.Timeout = 500 * time.Millisecond
	f.options.Now = func() time.Time { return time.Now().Add(time.Duration(f.clock.Load())) }
	f.log = openLog(t, f.brake, f.options)
	appendMany(t, f.log, 260, func(ledger.Sealed) {})
	return f
}

// untilTaken is a caller who comes again while the ledger is not available.
func (f *faultWorld) untilTaken(t *testing.T, ask ledger.Append) ledger.Sealed {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		sealed, err := f.log.Append(t.Context(), ask)
		if err == nil {
			return sealed
		}
		if time.Now().After(end) {
			t.Fatalf("the log does not go on: %v", err)
		}
	}
}

func full(times int, when string) func(*testing.T, *faultWorld) {
	return func(t *testing.T, f *faultWorld) {
		if _, err := f.db.Pool().Exec(t.Context(), fmt.Sprintf(refusing, times, when)); err != nil {
			t.Fatal(err)
		}
	}
}

func loseLease(t *testing.T, f *faultWorld) {
	lease := ledger.Lease{Origin: originA, Node: "a", Token: "another", For: time.Millisecond}
	if err := f.db.Ledger().Take(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
}

// awayFor ends every connection and takes no new one for a while, as a server does that
// is restarted.
func (f *faultWorld) awayFor(t *testing.T, while time.Duration) {
	t.Helper()
	name := f.db.Pool().Config().ConnConfig.Database
	outside := pgtest.Open(t, pgtest.NewDSN(t))
	allow := func(allowed string) {
		if _, err := outside.Pool().Exec(context.Background(), `alter database `+name+` allow_connections `+allowed); err != nil {
			t.Error(err)
		}
	}
	allow("false")
	if _, err := outside.Pool().Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, name); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(while, func() { allow("true") })
}
