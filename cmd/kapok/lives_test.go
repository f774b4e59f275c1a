package main

import (
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/safe"
)

// lives are people who grant, pause, resume, withdraw and let expire at one node, while
// departments use what they granted at another, which is lost (SIGKILL) and comes back
// over and over.
type lives struct {
	*standstill
	end time.Time

	mu       sync.Mutex
	released map[string][]release // by the person's subject_ref
	refused  int
	lost     int
}

// livesLast is how long a plain `go test` lets them live; KAPOK_LIVES sets another time.
func livesLast(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("KAPOK_LIVES")
	if text == "" {
		return 8 * time.Second
	}
	last, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// TestRandomLives drives random sequences, and then holds the record against what was
// given out: nothing was committed after its basis had ended, every release is visible
// to its citizen, every receipt verifies.
func TestRandomLives(t *testing.T) {
	if testing.Short() {
		t.Skip("takes its time")
	}
	l := &lives{standstill: &standstill{battlefield: newBattlefield(t)}, end: time.Now(), released: map[string][]release{}}
	l.startOther()
	l.startGateway()
	l.waitForRelease()
	l.end = time.Now().Add(livesLast(t))
	var living sync.WaitGroup
	for i := range 4 {
		made, ref := l.holder(i)
		person, random := somebody{safe.Person{Ref: ref, Level: "L3"}, made.Number}, rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(i)))
		living.Go(func() {
			for time.Now().Before(l.end) && !t.Failed() {
				l.life(person, random)
			}
		})
	}
	for time.Now().Before(l.end) && !t.Failed() {
		time.Sleep(1500 * time.Millisecond)
		l.killGateway()
		l.startGateway()
		l.lost++
	}
	living.Wait()
	l.judge()
}

// somebody is a person, and their number.
type somebody struct {
	safe.Person
	number string
}

// life is that of one consent: some acts by chance, a use after each, and its end.
func (l *lives) life(person somebody, random *rand.Rand) {
	expires := time.Now().Add(time.Hour)
	if random.IntN(3) == 0 {
		expires = time.Now().Add(time.Duration(700+random.IntN(1000)) * time.Millisecond)
	}
	consent, err := l.agree(person, expires)
	if err != nil {
		if time.Now().Before(expires) {
			l.t.Errorf("granting: %v", err)
		}
		return
	}
	open := true
	for range 1 + random.IntN(5) {
		l.use(person, consent, open, expires)
		act, opens := l.safe(0).Pause, false
		if !open {
			act, opens = l.safe(0).Resume, true
		}
		if random.IntN(2) == 0 {
			continue
		}
		if err := act(l.t.Context(), person.Person, consent); err != nil {
			if time.Now().Before(expires) {
				l.t.Errorf("pausing or resuming: %v", err)
			}
			break
		}
		open = opens
	}
	if time.Until(expires) < time.Minute {
		time.Sleep(time.Until(expires))
	} else if err := l.safe(0).Withdraw(l.t.Context(), person.Person, consent); err != nil {
		l.t.Errorf("withdrawing: %v", err)
	}
	l.use(person, consent, false, expires)
}

func (l *lives) agree(person somebody, expires time.Time) (consent string, err error) {
	wanted := safe.Wanted{
		Department: "tianhe-minzheng", System: dibao, Item: household, Fields: []string{"name", "state"}, Operation: gateway.View,
		ServiceItem: dibaoMatter, Purpose: "assistance-review", Expires: expires.UTC().Truncate(time.Millisecond),
	}
	notice, err := l.safe(0).Notice(l.t.Context(), wanted)
	if err != nil {
		return "", err
	}
	made, err := l.safe(0).Consent(l.t.Context(), person.Person, wanted, notice.SM3)
	return made.ID, err
}

// use asks once. What had been closed or had expired before the call began is never
// released, whatever else goes wrong.
func (l *lives) use(person somebody, consent string, open bool, expires time.Time) {
	open = open && time.Now().Before(expires)
	body := strings.Replace(ask(consent, "name"), firstCitizen(), person.number, 1)
	given, err := l.try(&http.Client{Timeout: 10 * time.Second}, l.department, body)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && open:
		l.released[person.Ref] = append(l.released[person.Ref], given)
	case err == nil:
		l.t.Errorf("exchange %s was released on a basis that had been closed", given.ExchangeID)
	case strings.Contains(err.Error(), "basis-"):
		l.refused++
	}
}

func (l *lives) judge() {
	l.t.Helper()
	l.stopLoad()
	c := &chaos{battlefield: l.battlefield}
	c.wantAllClosed(l.database)
	count := 0
	for ref, releases := range l.released {
		seen := l.seen(ref)
		for _, given := range releases {
			count++
			if report := ledger.VerifyReceipt(given.Receipt, l.bundle, verifier); !report.OK() || report.Told.Ref != given.ExchangeID {
				l.t.Errorf("a receipt that was given does not verify: %+v", report.Steps)
			}
			if !slices.Contains(seen, given.ExchangeID) {
				l.t.Errorf("release %s is not visible to its citizen", given.ExchangeID)
			}
		}
	}
	c.wantAsSealed(l.database)
	if count == 0 || l.refused == 0 || l.lost == 0 {
		l.t.Errorf("%d releases, %d refusals, %d losses: nothing happened", count, l.refused, l.lost)
	}
	l.t.Logf("%d releases, %d refusals for the basis, the node lost %d times", count, l.refused, l.lost)
}

// seen are the references of everything that a citizen is shown.
func (l *lives) seen(ref string) []string {
	l.t.Helper()
	var refs []string
	for after := (postgres.LedgerPlace{}); ; {
		page, err := l.database.Ledger().Accesses(l.t.Context(), ref, after, 200)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, e := range page {
			refs = append(refs, e.Entry.Ref)
		}
		if len(page) < 200 {
			return refs
		}
		after = page[len(page)-1].Place()
	}
}
