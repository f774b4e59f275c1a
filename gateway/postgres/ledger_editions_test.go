package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func publish(t testing.TB, db *postgres.DB, number int64) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx pgx.Tx) error { return postgres.PublishEverywhere(t.Context(), tx, "catalogue", number) })
	if err != nil {
		t.Fatal(err)
	}
}

// decidedUnder is an append that declines when its edition is not in force.
func decidedUnder(i int, number int64) ledger.Append {
	sum := sm.Sum([]byte(strconv.Itoa(i)), []byte(strconv.FormatInt(number, 10)))
	return ledger.Append{
		Editions: []ledger.Edition{{Kind: "catalogue", Number: number}},
		Claims:   []ledger.Claim{claim("nonce", fmt.Sprintf("nonce-%d", i), fmt.Sprint(i))},
		Entry: func(found ledger.Found) ledger.Entry {
			if len(found.Outdated) > 0 {
				return ledger.Decline()
			}
			entry := ledger.Entry{Kind: ledger.OutcomeKind, Ref: fmt.Sprintf("%x", sum[:16]), At: time.Now(), Fields: []ledger.Field{
				{Name: "result", Value: "released"}, {Name: "edition-catalogue", Value: strconv.FormatInt(number, 10)},
			}}
			if !found.Clear() {
				entry.Kind = "refusal"
			}
			return entry
		},
	}
}

func TestLedgerOutdatedEditionIsDeclined(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	logs := []*ledger.Log{
		openLog(t, db.Ledger(), d.options(originA, "a")),
		openLog(t, db.Ledger(), d.options(originB, "b")),
	}
	for i, log := range logs {
		if sealed, err := log.Append(t.Context(), decidedUnder(i, 0)); err != nil || !sealed.Found.Clear() {
			t.Fatalf("before anything was published: %+v, %v", sealed.Found, err)
		}
	}
	publish(t, db, 3)
	publish(t, db, 7)
	logs = append(logs, openLog(t, db.Ledger(), d.options("kapok.example.cn/late", "c")))
	for i, log := range logs {
		for _, number := range []int64{0, 3, 8} {
			sealed, err := log.Append(t.Context(), decidedUnder(10+i, number))
			if !errors.Is(err, ledger.ErrDeclined) || len(sealed.Found.Outdated) != 1 || sealed.Found.Outdated[0] != (ledger.Edition{Kind: "catalogue", Number: 7}) {
				t.Errorf("log %d, edition %d: %+v, %v", i, number, sealed.Found, err)
			}
		}
		if sealed, err := log.Append(t.Context(), decidedUnder(10+i, 7)); err != nil || !sealed.Found.Clear() {
			t.Errorf("log %d, the edition in force, and a nonce that was declined before: %+v, %v", i, sealed.Found, err)
		}
	}
	err := db.InTx(t.Context(), func(tx pgx.Tx) error { return postgres.PublishEverywhere(t.Context(), tx, "catalogue", 7) })
	if codeOf(err) != "edition-outdated" {
		t.Errorf("an edition published again: %v", err)
	}
	mustAudit(t, db, d)
}

// TestLedgerDeclinesWithinABatch: members that decline do not touch those beside them,
// and give back what they claimed and nobody else's claim.
func TestLedgerDeclinesWithinABatch(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	publish(t, db, 1)
	var group sync.WaitGroup
	var sealed, declined atomic.Int64
	for i := range 400 {
		group.Go(func() {
			_, err := log.Append(t.Context(), decidedUnder(i/2, int64(i%2)))
			switch {
			case err == nil:
				sealed.Add(1)
			case errors.Is(err, ledger.ErrDeclined):
				declined.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if sealed.Load() != 200 || declined.Load() != 200 {
		t.Errorf("%d sealed, %d declined", sealed.Load(), declined.Load())
	}
	recompute(t, db, originA, 200)
	var released, claims int
	err := db.Pool().QueryRow(t.Context(), `
		select (select count(*) from ledger_entries where kind = 'outcome'), (select count(*) from ledger_claims)`).Scan(&released, &claims)
	if err != nil || released != claims {
		t.Errorf("%d entries rest on a nonce of their own, and %d nonces are claimed, %v", released, claims, err)
	}
}

// TestLedgerEditionsAreExact races publications against appends on two logs and one
// that opens in between; the audit then looks for any that was decided under another
// edition than the one in force, and every declined one must have been told the truth.
func TestLedgerEditionsAreExact(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	publish(t, db, 1)
	var known atomic.Int64
	known.Store(1)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var next, declined, sealed atomic.Int64
	work := func(origin string) {
		log := openLog(t, db.Ledger(), d.options(origin, origin))
		for range 6 {
			group.Go(func() {
				for ctx.Err() == nil {
					got, err := log.Append(t.Context(), decidedUnder(int(next.Add(1)), known.Load()))
					switch {
					case errors.Is(err, ledger.ErrDeclined):
						declined.Add(1)
						known.Store(max(known.Load(), got.Found.Outdated[0].Number))
					case err != nil:
						t.Error(err)
						return
					default:
						sealed.Add(1)
					}
				}
			})
		}
	}
	work(originA)
	work(originB)
	for number := int64(2); number < 12; number++ {
		time.Sleep(15 * time.Millisecond)
		if number == 6 {
			work("kapok.example.cn/late")
		}
		publish(t, db, number)
	}
	time.Sleep(30 * time.Millisecond)
	cancel()
	group.Wait()
	if sealed.Load() == 0 || declined.Load() == 0 {
		t.Errorf("the race was none: %d sealed, %d declined", sealed.Load(), declined.Load())
	}
	mustAudit(t, db, d)
}

func mustAudit(t testing.TB, db *postgres.DB, d district) {
	t.Helper()
	if found := auditOf(t, db, d); len(found) > 0 {
		t.Errorf("the audit found %+v", found)
	}
}

func auditOf(t testing.TB, db *postgres.DB, d district) []ledger.Altered {
	t.Helper()
	report, err := db.Ledger().Audit(t.Context(), ledger.AuditOptions{Bundle: d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	return report.Altered
}

// TestLedgerLiftedStop stops, lifts and stops again, on two logs and one opened late.
func TestLedgerLiftedStop(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	grant := ledger.Stop{Kind: "grant", ID: "grant-1"}
	ask := func() ledger.Append {
		return ledger.Append{Stops: []ledger.Stop{grant}, Entry: func(found ledger.Found) ledger.Entry {
			kind := ledger.IntentKind
			if !found.Clear() {
				kind = "refusal"
			}
			return ledger.Entry{Kind: kind, Ref: fmt.Sprintf("%032x", time.Now().UnixNano()), At: time.Now(),
				Fields: []ledger.Field{{Name: "grant", Value: grant.ID}}}
		}}
	}
	logs := []*ledger.Log{
		openLog(t, db.Ledger(), d.options(originA, "a")),
		openLog(t, db.Ledger(), d.options(originB, "b")),
	}
	for round, step := range []struct {
		do      func(context.Context, pgx.Tx, ledger.Stop) error
		stopped bool
	}{
		{postgres.LiftEverywhere, false}, {postgres.StopEverywhere, true}, {postgres.StopEverywhere, true},
		{postgres.LiftEverywhere, false}, {postgres.LiftEverywhere, false}, {postgres.StopEverywhere, true}, {postgres.LiftEverywhere, false},
	} {
		if err := db.InTx(t.Context(), func(tx pgx.Tx) error { return step.do(t.Context(), tx, grant) }); err != nil {
			t.Fatal(err)
		}
		if round == 4 {
			logs = append(logs, openLog(t, db.Ledger(), d.options("kapok.example.cn/late", "c")))
		}
		for i, log := range logs {
			sealed, err := log.Append(t.Context(), ask())
			if stopped := len(sealed.Found.Stopped) == 1; err != nil || stopped != step.stopped {
				t.Errorf("step %d, log %d: stopped is %v, %v", round, i, stopped, err)
			}
		}
	}
	untilSealed(t, db)
	mustAudit(t, db, d)
	for what, statement := range map[string]string{
		"at the size that was sealed":       `update ledger_stops set size = size + 1 where n = 2 and origin = '` + originA + `'`,
		"rests on a grant that was stopped": `update ledger_stops set size = 0 where n = 1 and origin = '` + originA + `'`,
		"in another log":                    `delete from ledger_stops where n = 4 and origin = '` + originA + `'`,
		"does not follow":                   `update ledger_stops set n = 5 where n = 4`,
	} {
		if !auditFinds(t, db, d, statement, what) {
			t.Errorf("the audit does not find: %s", what)
		}
	}
}

// untilSealed waits until everything that was committed is sealed.
func untilSealed(t *testing.T, db *postgres.DB) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); counted(t, db, `select count(*) from ledger_pending where idx is null`) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("pending entries are not sealed")
		}
	}
}

// auditFinds alters the database, audits it, and takes the alteration back.
func auditFinds(t *testing.T, db *postgres.DB, d district, statement, what string) (found bool) {
	t.Helper()
	tx, err := db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	exec(t, tx, statement)
	report, err := postgres.AuditIn(t.Context(), tx, ledger.AuditOptions{Bundle: d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range report.Altered {
		found = found || strings.Contains(one.What, what)
	}
	return found
}

func TestAuditFindsEntriesOfAnotherEdition(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	publish(t, db, 1)
	if _, err := log.Append(t.Context(), decidedUnder(1, 1)); err != nil {
		t.Fatal(err)
	}
	publish(t, db, 2)
	for statement, what := range map[string]string{
		`update ledger_editions set size = 1 where number = 1 and origin = '` + originA + `'`: "was not in force",
		`update ledger_editions set size = 0 where number = 2 and origin = '` + originA + `'`: "was not in force",
		`delete from ledger_editions where number = 2 and origin = '` + originA + `'`:         "in another log",
		`update ledger_editions set size = 9 where number = 2 and origin = '` + originA + `'`: "beyond the log",
	} {
		if !auditFinds(t, db, d, statement, what) {
			t.Errorf("the audit does not find: %s", statement)
		}
	}
}
