package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

var aPerson, another = strings.Repeat("a", 32), strings.Repeat("b", 32)

func consentOf(t testing.TB, subjectRef string) basis.Basis {
	t.Helper()
	now := time.Now()
	b, err := basis.New(basis.Basis{
		Kind: basis.Consent, SubjectRef: subjectRef, Actor: basis.Actor{Ref: subjectRef, AuthLevel: "L3", Method: "oidc"},
		Department: "tianhe-minzheng", System: "tianhe-minzheng-dibao", Provider: "mps", Item: "1010010001/000001", ItemVersion: 1,
		Fields: []string{"name"}, Operations: []gateway.Operation{gateway.View}, Purpose: "assistance-review", PurposeText: "核对户籍",
		ServiceItem: "11440106KAPK0002272010511001000", Expires: now.Add(time.Hour), EraseAt: now.Add(2 * time.Hour),
		Notice: basis.Notice{ID: "n", Version: "1", SM3: strings.Repeat("0", 64), Language: "zh-CN", ShownAt: now},
		Rights: basis.Rights{Withdraw: "我的授权", Contact: "12345"},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func statutory(t testing.TB) basis.Basis {
	t.Helper()
	draft := consentOf(t, aPerson)
	draft.Kind, draft.SubjectRef, draft.Actor.Ref = basis.Statutory, "", "bureau-7"
	draft.Notice, draft.Rights = basis.Notice{}, basis.Rights{}
	draft.LegalProvision = basis.LegalProvision{Law: "社会救助暂行办法", Article: "第五十八条"}
	b, err := basis.New(draft, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func signed(t testing.TB, b basis.Basis) basis.Signed {
	t.Helper()
	s, err := basis.Sign(t.Context(), b, newSM2(t), []byte("certificate of the test"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func grant(t testing.TB, db *postgres.DB, b basis.Basis) (pendingID string) {
	t.Helper()
	pendingID, err := db.InsertBasis(t.Context(), signed(t, b), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return pendingID
}

func withdrawal(b basis.Basis) basis.Change {
	return basis.Change{ID: b.ID, SubjectRef: b.SubjectRef, Event: basis.EventWithdrawn, Actor: b.SubjectRef, At: time.Now()}
}

func problem(t testing.TB, err error, kind gateway.Kind, code string) {
	t.Helper()
	known, ok := errors.AsType[*gateway.Error](err)
	if !ok || known.Kind != kind || known.Code != code {
		t.Errorf("error: %v, want %s", err, code)
	}
}

func TestGrantedBasisIsKeptAsSigned(t *testing.T) {
	db := pgtest.New(t)
	b := consentOf(t, aPerson)
	s := signed(t, b)
	if _, err := db.InsertBasis(t.Context(), s, time.Now()); err != nil {
		t.Fatal(err)
	}
	held, stored, err := db.Basis(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	if held.State != basis.Active || held.Basis.ID != b.ID {
		t.Errorf("state %q of %q", held.State, held.Basis.ID)
	}
	if string(stored.Document) != string(s.Document) || string(stored.Signature) != string(s.Signature) || string(stored.Certificate) != string(s.Certificate) {
		t.Error("the artefact came back otherwise")
	}
	_, _, err = db.Basis(t.Context(), strings.Repeat("0", 32))
	problem(t, err, gateway.NotFound, "basis-unknown")
}

func TestBrokenBasisIsNotKept(t *testing.T) {
	db := pgtest.New(t)
	s := signed(t, consentOf(t, aPerson))
	s.Document = append(s.Document, ' ')
	_, err := db.InsertBasis(t.Context(), s, time.Now())
	problem(t, err, gateway.Invalid, "basis-unreadable")
	for _, table := range []string{"bases", "basis_events", "ledger_pending"} {
		if n := count(t, db, table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

func TestSameBasisTwiceIsRefused(t *testing.T) {
	db := pgtest.New(t)
	s := signed(t, consentOf(t, aPerson))
	if _, err := db.InsertBasis(t.Context(), s, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.InsertBasis(t.Context(), s, time.Now()); err == nil {
		t.Error("a basis was inserted twice")
	}
	if n := count(t, db, "ledger_pending"); n != 1 {
		t.Errorf("%d entries for one grant", n)
	}
}

func TestWithdrawal(t *testing.T) {
	db := pgtest.New(t)
	b := consentOf(t, aPerson)
	grant(t, db, b)
	held, pendingID, err := db.ChangeBasis(t.Context(), withdrawal(b))
	if err != nil || held.State != basis.Withdrawn || pendingID == "" {
		t.Fatalf("state %q, pending %q, %v", held.State, pendingID, err)
	}
	again, none, err := db.ChangeBasis(t.Context(), withdrawal(b))
	if err != nil || again.State != basis.Withdrawn || none != "" {
		t.Errorf("withdrawn again: state %q, pending %q, %v", again.State, none, err)
	}
	if n := count(t, db, "ledger_pending"); n != 2 {
		t.Errorf("%d entries for a grant and a withdrawal", n)
	}
}

func TestEndingsThatAreRefused(t *testing.T) {
	db := pgtest.New(t)
	b, duty := consentOf(t, aPerson), statutory(t)
	grant(t, db, b)
	grant(t, db, duty)
	change := func(b basis.Basis, spoil func(*basis.Change)) basis.Change {
		ending := withdrawal(b)
		spoil(&ending)
		return ending
	}
	for _, c := range []struct {
		name   string
		ending basis.Change
		kind   gateway.Kind
		code   string
	}{
		{"another's", change(b, func(e *basis.Change) { e.SubjectRef = another }), gateway.NotFound, "basis-unknown"},
		{"nobody's", change(b, func(e *basis.Change) { e.SubjectRef = "" }), gateway.NotFound, "basis-unknown"},
		{"a statutory one by a person", change(duty, func(e *basis.Change) { e.SubjectRef = aPerson }), gateway.NotFound, "basis-unknown"},
		{"unknown", change(b, func(e *basis.Change) { e.ID = strings.Repeat("0", 32) }), gateway.NotFound, "basis-unknown"},
		{"not of this kind", change(duty, func(*basis.Change) {}), gateway.Conflict, "basis-state"},
		{"a consent closed", change(b, func(e *basis.Change) { e.Event = basis.EventClosed }), gateway.Conflict, "basis-state"},
		{"going on without a pause", change(b, func(e *basis.Change) { e.Event = basis.EventResumed }), gateway.Conflict, "basis-state"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := db.ChangeBasis(t.Context(), c.ending)
			problem(t, err, c.kind, c.code)
		})
	}
	for _, one := range []basis.Basis{b, duty} {
		if held, _, err := db.Basis(t.Context(), one.ID); err != nil || held.State != basis.Active {
			t.Errorf("state %q, %v", held.State, err)
		}
	}
	if _, _, err := db.ChangeBasis(t.Context(), basis.Change{ID: duty.ID, Event: basis.EventRevoked, Actor: "bureau-7", At: time.Now()}); err != nil {
		t.Errorf("revoking the statutory one: %v", err)
	}
}

// TestEndedOnce ends one basis in different ways at once, on two nodes: one way wins,
// the others find it ended.
func TestEndedOnce(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	nodes := []*postgres.DB{pgtest.Open(t, dsn), pgtest.Open(t, dsn)}
	b := consentOf(t, aPerson)
	grant(t, nodes[0], b)
	events := []basis.Event{basis.EventWithdrawn, basis.EventRevoked, basis.EventInvalidated, basis.EventSuperseded, basis.EventExpired}
	var mu sync.Mutex
	entries := 0
	var all sync.WaitGroup
	for i, event := range events {
		all.Go(func() {
			ending := withdrawal(b)
			ending.Event = event
			_, pendingID, err := nodes[i%2].ChangeBasis(t.Context(), ending)
			if err != nil {
				problem(t, err, gateway.Conflict, "basis-state")
			}
			mu.Lock()
			defer mu.Unlock()
			if pendingID != "" {
				entries++
			}
		})
	}
	all.Wait()
	if entries != 1 {
		t.Errorf("the basis ended %d times", entries)
	}
	if n := count(t, nodes[0], "basis_events"); n != 2 {
		t.Errorf("%d events", n)
	}
}

// TestOvertakenEnding holds one ending open while another comes: the second waits,
// sees what the first one left, and does not end the basis again.
func TestOvertakenEnding(t *testing.T) {
	db := pgtest.New(t)
	b := consentOf(t, aPerson)
	grant(t, db, b)
	ended := make(chan error, 1)
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `
			insert into basis_events (basis_id, seq, event, state, at, actor)
			values ($1, 2, 'revoked', 'REVOKED', now(), 'bureau-7')`, b.ID)
		go func() {
			_, _, err := db.ChangeBasis(t.Context(), withdrawal(b))
			ended <- err
		}()
		waitForLock(t, db)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	problem(t, <-ended, gateway.Conflict, "basis-state")
	if n := count(t, db, "ledger_pending"); n != 1 {
		t.Errorf("%d entries, want that of the grant", n)
	}
}

// waitForLock waits until a statement on db's database waits for another transaction.
func waitForLock(t *testing.T, db *postgres.DB) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var waiting bool
		err := db.Pool().QueryRow(t.Context(), `
			select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting {
			return
		}
	}
	t.Fatal("nothing waits for the open transaction")
}

func TestSupersededBasisEnds(t *testing.T) {
	db := pgtest.New(t)
	old := consentOf(t, aPerson)
	grant(t, db, old)
	draft := consentOf(t, aPerson)
	draft.Supersedes = old.ID
	grant(t, db, draft)
	if held, _, err := db.Basis(t.Context(), old.ID); err != nil || held.State != basis.Superseded {
		t.Errorf("the old one is %q, %v", held.State, err)
	}

	theirs := consentOf(t, another)
	theirs.Supersedes = draft.ID
	_, err := db.InsertBasis(t.Context(), signed(t, theirs), time.Now())
	problem(t, err, gateway.NotFound, "basis-unknown")
	if held, _, err := db.Basis(t.Context(), draft.ID); err != nil || held.State != basis.Active {
		t.Errorf("another person's consent ended this one: %q, %v", held.State, err)
	}
}

func TestBasesOfAPerson(t *testing.T) {
	db := pgtest.New(t)
	var newestFirst []string
	began := time.Now()
	for i := range 5 {
		b := consentOf(t, aPerson)
		if _, err := db.InsertBasis(t.Context(), signed(t, b), began.Add(time.Duration(i/2)*time.Second)); err != nil {
			t.Fatal(err)
		}
		newestFirst = append([]string{b.ID}, newestFirst...)
	}
	grant(t, db, consentOf(t, another))
	duty := statutory(t)
	grant(t, db, duty)

	listed := map[string]bool{}
	pages := 0
	for after := ""; ; pages++ {
		page, next, err := db.BasesOf(t.Context(), aPerson, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, held := range page {
			listed[held.Basis.ID] = true
		}
		if after = next; next == "" {
			break
		}
	}
	if len(listed) != 5 || pages != 2 {
		t.Errorf("%d bases on %d pages", len(listed), pages+1)
	}
	page, _, err := db.BasesOf(t.Context(), aPerson, "", 1)
	if err != nil || page[0].Basis.ID != newestFirst[0] {
		t.Errorf("the newest is not first (%v)", err)
	}
	theirs, _, err := db.BasesOf(t.Context(), another, newestFirst[2], 10)
	if err != nil || len(theirs) != 0 {
		t.Errorf("a cursor of another person's list gave %d rows, %v", len(theirs), err)
	}
	anybody, _, err := db.BasesOf(t.Context(), "", "", 10)
	if err != nil || len(anybody) != 1 || anybody[0].Basis.ID != duty.ID {
		t.Errorf("%d about anybody, %v", len(anybody), err)
	}
}

// TestWithdrawalBites goes all the way: granted and sealed, withdrawn and sealed, and
// then the ledger tells every batch.
func TestWithdrawalBites(t *testing.T) {
	d := newDistrict(t)
	db := pgtest.New(t)
	log := openLog(t, db.Ledger(), d.options("kapok-1", "node-1"))
	b := consentOf(t, aPerson)
	if _, err := log.Drain(t.Context(), grant(t, db, b)); err != nil {
		t.Fatal(err)
	}
	if found := stopsOf(t, log, b.ID); len(found) != 0 {
		t.Errorf("stopped before it was withdrawn: %v", found)
	}
	_, pendingID, err := db.ChangeBasis(t.Context(), withdrawal(b))
	if err != nil {
		t.Fatal(err)
	}
	if found := stopsOf(t, log, b.ID); len(found) != 1 {
		t.Error("the next batch was not told")
	}
	sealed, err := log.Drain(t.Context(), pendingID)
	if err != nil || sealed.Entry.Kind != "basis-withdrawn" || sealed.Entry.Value("basis") != b.ID {
		t.Errorf("sealed %q, %v", sealed.Entry.Kind, err)
	}
}

func stopsOf(t *testing.T, log *ledger.Log, basisID string) []ledger.Stop {
	t.Helper()
	var found []ledger.Stop
	_, err := log.Append(t.Context(), ledger.Append{
		Stops: []ledger.Stop{{Kind: "basis", ID: basisID}},
		Entry: func(f ledger.Found) ledger.Entry {
			found = f.Stopped
			return ledger.Entry{Kind: "refusal", At: time.Now()}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestResolve(t *testing.T) {
	db := pgtest.New(t)
	people := db.People(versions(1))
	ref := refOf(t, people, person(t, 1))
	b, duty := consentOf(t, ref), statutory(t)
	grant(t, db, b)
	grant(t, db, duty)
	for _, c := range []struct {
		name, basisID string
		found         bool
	}{{"consent", b.ID, true}, {"statutory", duty.ID, true}, {"none named", "", false}, {"unknown", strings.Repeat("0", 32), false}, {"not an id", "x' or true --", false}} {
		got, err := people.Resolve(t.Context(), person(t, 1), c.basisID)
		if err != nil {
			t.Fatal(err)
		}
		if got.SubjectRef != ref || got.Found != c.found || c.found && (got.Basis.ID != c.basisID || got.State != basis.Active) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if _, _, err := db.ChangeBasis(t.Context(), withdrawal(b)); err != nil {
		t.Fatal(err)
	}
	if got, err := people.Resolve(t.Context(), person(t, 1), b.ID); err != nil || got.State != basis.Withdrawn {
		t.Errorf("right after the withdrawal: %q, %v", got.State, err)
	}
}

// TestResolveTogether: what many ask at once, each gets answered for themselves.
func TestResolveTogether(t *testing.T) {
	db := pgtest.New(t)
	people := db.People(versions(1))
	var ids []string
	for range 10 {
		b := statutory(t)
		grant(t, db, b)
		ids = append(ids, b.ID)
	}
	var all sync.WaitGroup
	for i := range 400 {
		all.Go(func() {
			got, err := people.Resolve(t.Context(), person(t, i%40), ids[i%10])
			if err != nil {
				t.Error(err)
				return
			}
			again := refOf(t, people, person(t, i%40))
			if got.SubjectRef != again || got.Basis.ID != ids[i%10] {
				t.Errorf("caller %d got another's answer", i)
			}
		})
	}
	all.Wait()
}

func TestResolveGivesUpWithItsCaller(t *testing.T) {
	db := pgtest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.People(versions(1)).Resolve(ctx, person(t, 1), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}

func TestResolveWithoutServer(t *testing.T) {
	server, _ := pgtest.Durable(t)
	people := pgtest.Open(t, server.DSN()).People(versions(1))
	refOf(t, people, person(t, 1))
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := people.Resolve(t.Context(), person(t, 1), "")
	problem(t, err, gateway.Unavailable, "database-unavailable")
}

// BenchmarkResolve is the look-up of an exchange: 64 callers, 1,000 persons, 200
// bases, on a durable server.
func BenchmarkResolve(b *testing.B) {
	server, _ := pgtest.Durable(b)
	db := pgtest.Open(b, server.DSN())
	people := db.People(versions(1))
	var ids []string
	for range 200 {
		duty := statutory(b)
		grant(b, db, duty)
		ids = append(ids, duty.ID)
	}
	persons := make([]gateway.Identity, 1000)
	for i := range persons {
		persons[i] = person(b, i)
		refOf(b, people, persons[i])
	}
	b.SetParallelism(32)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if got, err := people.Resolve(context.Background(), persons[i%1000], ids[(i*7)%200]); err != nil || !got.Found {
				b.Error(fmt.Errorf("found %v: %w", got.Found, err))
			}
		}
	})
}
