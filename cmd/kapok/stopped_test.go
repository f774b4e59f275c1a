package main

import (
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// standstill is a gateway that is stopped in mid-course (SIGSTOP), beside a node in
// this process that goes on: two processes, one database.
type standstill struct {
	*battlefield
	database *postgres.DB
	db       *pgx.Conn

	acknowledged int // withdrawals, while the gateway stood still
}

// TestStoppedProcess: the gateway is stopped at the worst moment there is, with its
// log locked, what was stopped read and nothing committed; every notification is cut
// off. The person withdraws at the other node. Once the withdrawal is acknowledged,
// the gateway commits nothing more that rests on it, whenever it goes on.
func TestStoppedProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL and a gateway of its own")
	}
	s := &standstill{battlefield: newBattlefield(t)}
	s.startOther()
	s.startGateway()
	s.waitForRelease()
	const rounds = 6
	for range rounds {
		s.round()
	}
	t.Logf("%d withdrawals, %d of them acknowledged while the gateway stood still", rounds, s.acknowledged)
	s.stopLoad()
	(&chaos{battlefield: s.battlefield}).wantAsSealed(s.database)
}

// startOther starts the node at which people withdraw.
func (s *standstill) startOther() {
	s.t.Helper()
	n := s.startHere("other")
	s.t.Cleanup(func() { _ = n.stop(context.Background()) })
	s.database = pgtest.Open(s.t, s.server.DSN())
	var err error
	if s.db, err = pgx.Connect(s.t.Context(), s.server.DSN()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.db.Close(context.Background()) })
}

// round is one consent, used all the time at the gateway, and withdrawn while that
// stands still.
func (s *standstill) round() {
	s.t.Helper()
	person := s.citizen()
	consent := s.consent(person, "name")
	used, ended := make(chan struct{}, 1), make(chan []release, 1)
	go func() { ended <- s.useUntilEnded(consent, used) }()
	select {
	case <-used:
	case <-time.After(30 * time.Second):
		s.t.Fatal("the consent is not used")
	}
	s.execute(`select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %'`)
	letGo := s.stopGateway()
	withdrawn := make(chan error, 1)
	go func() { withdrawn <- s.safe(0).Withdraw(context.Background(), person, consent) }()
	s.wantWaiting(withdrawing) // the withdrawal, for the log that the gateway holds
	letGo()
	select {
	case err := <-withdrawn: // acknowledged while the gateway stands still
		s.acknowledged++
		withdrawn <- err
	case <-time.After(200 * time.Millisecond):
	}
	s.signal(syscall.SIGCONT)
	if err := <-withdrawn; err != nil {
		s.t.Fatal(err)
	}
	select {
	case given := <-ended:
		s.wantBefore(consent, given)
	case <-time.After(30 * time.Second):
		s.t.Fatal("the gateway does not refuse what was withdrawn")
	}
}

// useUntilEnded uses a consent at the gateway until it is told that it has ended, and
// returns what was released.
func (s *standstill) useUntilEnded(consent string, used chan<- struct{}) []release {
	var given []release
	client := &http.Client{Timeout: 10 * time.Second}
	for {
		select {
		case <-s.stop:
			return given
		default:
		}
		got, err := s.try(client, s.department, ask(consent, "name"))
		switch {
		case err == nil:
			if given = append(given, got); len(given) == 1 {
				used <- struct{}{}
			}
		case strings.Contains(err.Error(), "basis-ended"):
			return given
		default:
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// stopGateway stops it between check and commit: the table of entries is held, so that
// a batch that has read what was stopped waits to write. Then the table is let go, and
// what the batch's process says from there on is said late.
func (s *standstill) stopGateway() (letGo func()) {
	s.t.Helper()
	s.execute(`begin`)
	s.execute(`lock table ledger_entries in share row exclusive mode`)
	s.wantWaiting(writing)
	s.signal(syscall.SIGSTOP)
	return func() { s.execute(`rollback`) }
}

// Who waits: a batch to write its entries, a withdrawal for the logs.
const (
	writing     = `relation = 'ledger_entries'::regclass`
	withdrawing = `locktype = 'transactionid'`
)

// wantWaiting returns when one of those waits for a lock.
func (s *standstill) wantWaiting(who string) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		var waits bool
		if err := s.db.QueryRow(s.t.Context(), `select exists (select from pg_locks where not granted and `+who+`)`).Scan(&waits); err != nil {
			s.t.Fatal(err)
		}
		if waits {
			return
		}
	}
	s.t.Fatalf("nobody waits whose %s", who)
}

func (s *standstill) execute(statement string) {
	s.t.Helper()
	if _, err := s.db.Exec(s.t.Context(), statement); err != nil {
		s.t.Fatal(err)
	}
}

func (s *standstill) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.gateway.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// wantBefore holds every entry of every release against the size that the gateway's
// log had when the withdrawal stopped the consent: each stands before.
func (s *standstill) wantBefore(consent string, given []release) {
	s.t.Helper()
	var size uint64
	err := s.db.QueryRow(s.t.Context(), `select size from ledger_stops where origin = $1 and kind = 'basis' and id = $2`, s.origin, consent).Scan(&size)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, one := range given {
		report := ledger.VerifyReceipt(one.Receipt, s.bundle, verifier)
		if !report.OK() || report.Told.Ref != one.ExchangeID {
			s.t.Fatalf("a receipt that was given does not verify: %+v", report.Steps)
		}
		found, err := s.database.Ledger().Find(s.t.Context(), one.ExchangeID)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range found {
			if e.Origin == s.origin && e.Index >= size {
				s.t.Errorf("entry %d of a release rests on a consent that was withdrawn at %d", e.Index, size)
			}
		}
	}
}
