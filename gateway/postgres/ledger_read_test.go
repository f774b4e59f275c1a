package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func TestLedgerPages(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	logs := []*ledger.Log{
		openLog(t, db.Ledger(), d.options(originA, "a")),
		openLog(t, db.Ledger(), d.options(originB, "b")),
	}
	at := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	for i := range 25 {
		subject := citizen
		if i%5 == 4 {
			subject = "ffffffffffffffffffffffffffffffff"
		}
		entry := ledger.Entry{
			Kind: "outcome", Ref: fmt.Sprintf("%032x", i/2), At: at.Add(time.Duration(i/3) * time.Second),
			Fields: []ledger.Field{{Name: "n", Value: fmt.Sprint(i)}},
		}
		if _, err := logs[i%2].Append(t.Context(), ledger.Append{Subject: subject, Entry: func(ledger.Found) ledger.Entry { return entry }}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	var before postgres.LedgerPlace
	for {
		page, err := db.Ledger().Accesses(t.Context(), citizen, before, 6)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			if !before.At.IsZero() && e.Entry.At.After(before.At) {
				t.Error("a later entry stands after an earlier one")
			}
			before = e.Place()
			if e.Entry.Value(ledger.SubjectField) != citizen || seen[e.Entry.Value("n")] {
				t.Errorf("entry %v: another's, or twice", e.Entry)
			}
			seen[e.Entry.Value("n")] = true
		}
		if len(page) < 6 {
			break
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d accesses, want 20", len(seen))
	}

	pair, err := db.Ledger().Find(t.Context(), fmt.Sprintf("%032x", 3))
	if err != nil || len(pair) != 2 || pair[0].Entry.Value("n") != "6" || pair[1].Entry.Value("n") != "7" {
		t.Errorf("by reference: %v, %v", pair, err)
	}
	if none, err := db.Ledger().Find(t.Context(), "not hex"); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}

	recent, err := db.Ledger().Recent(t.Context(), nil, 10)
	if err != nil || len(recent) != 10 || recent[0].Entry.Value("n") != "24" {
		t.Errorf("recent: %v, %v", recent, err)
	}
	for _, e := range recent {
		if e.Entry.Value(ledger.SubjectField) != "" {
			t.Error("the bureau's page says whom an entry concerns")
		}
	}
	older, err := db.Ledger().Recent(t.Context(), map[string]uint64{originA: 3, originB: 2}, 10)
	if err != nil || len(older) != 5 {
		t.Errorf("older: %v, %v", older, err)
	}
	notes, err := db.Ledger().Checkpoints(t.Context())
	if err != nil || len(notes) != 2 {
		t.Fatalf("checkpoints: %v, %v", notes, err)
	}
	if head, err := ledger.ParseCheckpoint(notes[0]); err != nil || head.Origin != originA || head.Size != 13 {
		t.Errorf("%+v, %v", head, err)
	}
}

// TestLedgerErasedOpenings: without its openings an entry still proves that it
// happened, and an altered one is noticed.
func TestLedgerErasedOpenings(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	appendMany(t, log, 3, func(ledger.Sealed) {})
	if _, err := db.Pool().Exec(t.Context(), `delete from ledger_openings where idx = 1`); err != nil {
		t.Fatal(err)
	}
	raw, err := ledger.ReceiptAt(t.Context(), db.Ledger(), originA, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if told := d.mustVerify(t, raw); len(told.Shown) != 0 || len(told.Hidden) != 4 {
		t.Errorf("told %+v", told)
	}
	if _, err := db.Pool().Exec(t.Context(), `update ledger_openings set openings = set_byte(openings, length(openings) - 1, 65) where idx = 2`); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.ReceiptAt(t.Context(), db.Ledger(), originA, 2, nil); err == nil {
		t.Error("an altered value was shown")
	}
}

// TestLedgerRecentLeavesNoneOut: times within a log do not ascend, for what was
// pending when a node failed is sealed by another; every page goes on where the one
// before ended, and together they show each entry once.
func TestLedgerRecentLeavesNoneOut(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	logs := []*ledger.Log{
		openLog(t, db.Ledger(), d.options(originA, "a")),
		openLog(t, db.Ledger(), d.options(originB, "b")),
	}
	now := time.Now()
	for i := range 30 {
		entry := ledger.Entry{Kind: "token", At: now.Add(-time.Duration(i*7919%97) * time.Minute), Fields: []ledger.Field{{Name: "n", Value: fmt.Sprint(i)}}}
		if _, err := logs[i%2].Append(t.Context(), ledger.Append{Entry: func(ledger.Found) ledger.Entry { return entry }}); err != nil {
			t.Fatal(err)
		}
	}
	seen, before := map[string]bool{}, map[string]uint64{}
	for {
		page, err := db.Ledger().Recent(t.Context(), before, 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, one := range page {
			if seen[one.Entry.Value("n")] {
				t.Errorf("entry %s is shown twice", one.Entry.Value("n"))
			}
			seen[one.Entry.Value("n")], before[one.Origin] = true, one.Index
		}
	}
	if len(seen) != 30 {
		t.Errorf("the pages show %d of 30 entries", len(seen))
	}
}
