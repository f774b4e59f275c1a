package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres/pgtest"
)

// withMessage is an append with something kept beside it. How it is encrypted is not
// the ledger's matter; here it lies in clear.
func withMessage(i int) ledger.Append {
	message := fmt.Appendf(nil, "message %d", i)
	a := simple(i)
	a.Attachment = &ledger.Attachment{Owner: "service:2026-01", Class: "use", Until: time.Now().AddDate(3, 0, 1), Sealed: message}
	a.Entry = func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: "outcome", At: time.Now(), Fields: []ledger.Field{{Name: ledger.MessagesField, Value: inClear(message)}}}
	}
	return a
}

func inClear(message []byte) string { return fmt.Sprintf("%x", sm.Sum(message)) }

func TestAuditOfMessages(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	for i := range 6 {
		mustAppend(t, log, withMessage(i))
	}
	mustAppend(t, log, simple(6))
	v := victim{db: db, d: d, options: ledger.AuditOptions{
		Bundle: d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{}), Messages: ledger.MessageAudit{
			Open:  func(_ context.Context, kept ledger.Attachment) (string, error) { return inClear(kept.Sealed), nil },
			Since: time.Now().AddDate(0, -6, 0),
		},
	}}
	if found := tampered(t, v, func(pgx.Tx) {}); len(found) > 0 {
		t.Fatalf("nothing was altered: %+v", found)
	}
	for statement, finds := range map[string]string{
		`update ledger_messages set sealed = sealed || '\x00' where idx = 2`: "not the one that it commits to",
		`update ledger_messages one set sealed = other.sealed from ledger_messages other
			where one.idx + other.idx = 3 and one.idx in (1, 2)`: "not the one that it commits to",
		`delete from ledger_messages where idx = 5`:                                 "gone before its time",
		`update ledger_messages set idx = 6 where idx = 5`:                          "commits to none",
		`update ledger_messages set idx = 1000 where idx = 0`:                       "it is not there",
		`update ledger_messages set origin = 'kapok.example.cn/none' where idx = 0`: "does not hold this log",
	} {
		found := tampered(t, v, func(tx pgx.Tx) { exec(t, tx, statement) })
		if !slices.ContainsFunc(found, func(a ledger.Altered) bool { return strings.Contains(a.What, finds) }) {
			t.Errorf("%s: %+v", statement, found)
		}
	}
}
