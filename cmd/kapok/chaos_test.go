package main

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
	"kapok/gateway/ledger/anchor"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// cycles is how often each of the two is killed in a plain `go test`, a hundred times in
// all; KAPOK_CHAOS sets another number.
const cycles = 50

func chaosCycles(t *testing.T) int {
	t.Helper()
	text := os.Getenv("KAPOK_CHAOS")
	if text == "" {
		return cycles
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// chaos kills what it is told to, under load, at random moments.
type chaos struct {
	*battlefield
	random *rand.Rand
	began  time.Time
}

func newChaos(t *testing.T) *chaos {
	if testing.Short() {
		t.Skip("the kill test takes its time")
	}
	t.Parallel() // while one waits for the disk, the other starts its gateway
	seed := uint64(time.Now().UnixNano() % 1_000_000)
	t.Logf("seed %d", seed)
	return &chaos{newBattlefield(t), rand.New(rand.NewPCG(seed, 1)), time.Now()}
}

// moment is when the load has got going and then some, up to a few exchanges more.
func (c *chaos) moment() {
	c.waitForRelease()
	time.Sleep(time.Duration(c.random.Int64N(int64(60 * time.Millisecond))))
}

// TestChaosGateway kills the gateway with SIGKILL under load, over and over.
func TestChaosGateway(t *testing.T) {
	c := newChaos(t)
	n := chaosCycles(t)
	for range n {
		c.startGateway()
		c.moment()
		c.killGateway()
	}
	c.startGateway()
	c.judge(n)
}

// TestChaosPostgres kills the database's server with SIGKILL under load, over and
// over; the gateway stays up and recovers by itself.
func TestChaosPostgres(t *testing.T) {
	c := newChaos(t)
	c.startGateway()
	n := chaosCycles(t)
	for range n {
		c.moment()
		if err := syscall.Kill(c.server.PID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-c.server.Ended()
		c.restartServer()
	}
	c.moment()
	c.judge(n)
}

// judge lets the load end, and then holds the record against what callers were given.
func (c *chaos) judge(killed int) {
	c.t.Helper()
	took := time.Since(c.began)
	c.stopLoad()
	database := pgtest.Open(c.t, c.server.DSN())
	c.wantAllClosed(database)
	verified, unknown := 0, 0
	for _, given := range c.given() {
		report := ledger.VerifyReceipt(given.Receipt, c.bundle, verifier)
		if !report.OK() || report.Told.Ref != given.ExchangeID {
			c.t.Fatalf("a receipt that was given does not verify: %+v", report.Steps)
		}
		if c.lastResult(database, given.ExchangeID) == closing.ReleaseUnknown {
			unknown++
		}
		verified++
	}
	c.wantAsSealed(database)
	if verified < killed {
		c.t.Errorf("%d releases in %d cycles: there was no load", verified, killed)
	}
	c.t.Logf("%d kills in %v; %d releases, each receipt verified and its outcome found (%d of them as release-unknown); every intent closed",
		killed, took.Round(time.Millisecond), verified, unknown)
}

// wantAllClosed: the gateway that lives closes what is open, in a while.
func (c *chaos) wantAllClosed(database *postgres.DB) {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		open, err := database.Ledger().Unsettled(c.t.Context(), c.origin, "", 10)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(open) == 0 {
			return
		}
	}
	c.t.Fatal("intents are open still")
}

// lastResult of a release that a caller has in hand: never that nothing was released.
func (c *chaos) lastResult(database *postgres.DB, ref string) string {
	c.t.Helper()
	found, err := database.Ledger().Find(c.t.Context(), ref)
	if err != nil || len(found) < 2 || found[0].Entry.Kind != ledger.IntentKind {
		c.t.Fatalf("the record of a release is %d entries, %v", len(found), err)
	}
	if found[1].Entry.Value("result") != closing.Released {
		c.t.Fatalf("a release left whose outcome says %s", found[1].Entry.Value("result"))
	}
	last := found[len(found)-1].Entry.Value("result")
	if last == closing.NotReleased {
		c.t.Fatal("the record says that nothing was released, and the caller has it")
	}
	return last
}

// wantAsSealed audits the whole database against the anchors that the killed
// gateways left.
func (c *chaos) wantAsSealed(database *postgres.DB) {
	c.t.Helper()
	anchors, err := anchor.Read(c.anchors)
	if err != nil || len(anchors) == 0 {
		c.t.Fatalf("%d anchors, %v", len(anchors), err)
	}
	report, err := database.Ledger().Audit(c.t.Context(), ledger.AuditOptions{Bundle: c.bundle, Verifier: verifier, Anchors: anchors})
	if err != nil || !report.OK() {
		c.t.Errorf("the audit: %+v, %v", report.Altered, err)
	}
}
