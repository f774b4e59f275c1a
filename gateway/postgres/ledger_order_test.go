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

// untilBlocked waits until somebody waits for a lock of this database.
func untilBlocked(t *testing.T, db *postgres.DB) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var waiting int
		err := db.Pool().QueryRow(t.Context(), `
			select count(*) from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			return
		}
	}
	t.Fatal("nobody waits for a lock")
}

// TestLedgerBatchSeesAStopItWaitedFor: the batch began before the stop committed,
// waited for the origin's lock, and must still see it. It speaks to the store, for
// a log has batches of its own.
func TestLedgerBatchSeesAStopItWaitedFor(t *testing.T) {
	db := pgtest.New(t)
	store, basis := db.Ledger(), ledger.Stop{Kind: "basis", ID: "basis-waited-for"}
	lease := ledger.Lease{Origin: originA, Node: "a", Token: "mine", For: time.Minute}
	if err := store.Take(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	found := make(chan []ledger.Stop, 1)
	began := make(chan error, 1)
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		if err := postgres.StopEverywhere(t.Context(), tx, basis); err != nil {
			return err
		}
		go func() {
			batch, read, err := store.Begin(t.Context(), lease, ledger.Ask{Stops: []ledger.Stop{basis}, Now: time.Now()})
			if err == nil {
				batch.Discard(t.Context())
			}
			found <- read.Stopped
			began <- err
		}()
		untilBlocked(t, db)
		return nil
	})
	if err := errors.Join(err, <-began); err != nil {
		t.Fatal(err)
	}
	if got := <-found; len(got) != 1 || got[0] != basis {
		t.Errorf("the batch found %v", got)
	}
}

// TestLedgerNewOriginSeesAStopUnderWay: the origin is created while a stop has not
// committed, and must have its marker.
func TestLedgerNewOriginSeesAStopUnderWay(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	basis := ledger.Stop{Kind: "basis", ID: "basis-under-way"}
	opened := make(chan error, 1)
	var log *ledger.Log
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		if err := postgres.StopEverywhere(t.Context(), tx, basis); err != nil {
			return err
		}
		go func() {
			var err error
			log, err = ledger.Open(t.Context(), db.Ledger(), d.options(originA, "a"))
			opened <- err
		}()
		untilBlocked(t, db)
		return nil
	})
	if err := errors.Join(err, <-opened); err != nil {
		t.Fatal(err)
	}
	defer log.Close(t.Context())
	ask := simple(1)
	ask.Stops = []ledger.Stop{basis}
	if sealed, err := log.Append(t.Context(), ask); err != nil || len(sealed.Found.Stopped) != 1 {
		t.Errorf("%+v, %v", sealed.Found, err)
	}
}

// TestLedgerStopSeesAnOriginBeingOpened: the stop began before the new origin's
// transaction committed, and must reach it.
func TestLedgerStopSeesAnOriginBeingOpened(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	basis := ledger.Stop{Kind: "basis", ID: "basis-late"}
	stopped := make(chan error, 1)
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		lease := ledger.Lease{Origin: originA, Node: "a", Token: "t", For: time.Millisecond}
		if err := postgres.CreateOrigin(t.Context(), tx, lease); err != nil {
			return err
		}
		go func() {
			stopped <- db.InTx(t.Context(), func(tx pgx.Tx) error {
				if err := postgres.StopEverywhere(t.Context(), tx, basis); err != nil {
					return err
				}
				_, err := db.Pool().Exec(t.Context(), `select from ledger_origins where origin = $1 for update nowait`, originA)
				if err == nil {
					return errors.New("the stop does not hold the new origin's lock, and a batch may pass it")
				}
				return nil
			})
		}()
		untilBlocked(t, db)
		return nil
	})
	if err := errors.Join(err, <-stopped); err != nil {
		t.Fatal(err)
	}
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	ask := simple(1)
	ask.Stops = []ledger.Stop{basis}
	if sealed, err := log.Append(t.Context(), ask); err != nil || len(sealed.Found.Stopped) != 1 {
		t.Errorf("%+v, %v", sealed.Found, err)
	}
}

// TestLedgerFence shows a wrong lease and a wrong size to the store itself.
func TestLedgerFence(t *testing.T) {
	store := pgtest.New(t).Ledger()
	lease := ledger.Lease{Origin: originA, Node: "a", Token: "mine", For: time.Minute}
	if err := store.Take(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	forged := lease
	forged.Token = "another"
	for _, c := range []struct {
		lease ledger.Lease
		size  uint64
		want  error
	}{{lease, 0, nil}, {lease, 1, ledger.ErrMoved}, {forged, 0, ledger.ErrLeaseLost}, {forged, 1, ledger.ErrLeaseLost}} {
		batch, _, err := store.Begin(t.Context(), c.lease, ledger.Ask{Size: c.size, Now: time.Now()})
		if !errors.Is(err, c.want) {
			t.Errorf("lease %q, size %d: %v", c.lease.Token, c.size, err)
		}
		if err == nil {
			batch.Discard(t.Context())
			continue
		}
		if err := store.Seal(t.Context(), c.lease, ledger.Ask{Size: c.size, Now: time.Now()}, ledger.Write{Size: 1}); !errors.Is(err, c.want) {
			t.Errorf("at once, lease %q, size %d: %v", c.lease.Token, c.size, err)
		}
	}
	if _, err := store.Load(t.Context(), forged); !errors.Is(err, ledger.ErrLeaseLost) {
		t.Errorf("a wrong lease: %v", err)
	}
	if err := store.Renew(t.Context(), forged); !errors.Is(err, ledger.ErrLeaseLost) {
		t.Errorf("a wrong lease: %v", err)
	}
}

// TestLedgerSealSeesAStopItWaitedFor is the same for a batch that takes it for granted
// that nothing stands in its way: of what it began to write, nothing is left.
func TestLedgerSealSeesAStopItWaitedFor(t *testing.T) {
	db := pgtest.New(t)
	store, basis := db.Ledger(), ledger.Stop{Kind: "basis", ID: "basis-waited-for"}
	lease := ledger.Lease{Origin: originA, Node: "a", Token: "mine", For: time.Minute}
	if err := store.Take(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	claimed := []ledger.Claim{claim("nonce", "waited", "x")}
	sealed := make(chan error, 1)
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		if err := postgres.StopEverywhere(t.Context(), tx, basis); err != nil {
			return err
		}
		go func() {
			sealed <- store.Seal(t.Context(), lease, ledger.Ask{Stops: []ledger.Stop{basis}, Claims: claimed, Now: time.Now()}, ledger.Write{Size: 1, Checkpoint: "x", Key: "k"})
		}()
		untilBlocked(t, db)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-sealed; !errors.Is(err, ledger.ErrFound) {
		t.Errorf("the batch was told %v", err)
	}
	var left int
	if err := db.Pool().QueryRow(t.Context(), `select (select count(*) from ledger_claims) + (select count(*) from ledger_checkpoints)`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows are left, %v", left, err)
	}
}
