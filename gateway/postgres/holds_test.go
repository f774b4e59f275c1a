package postgres_test

import (
	"strings"
	"testing"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// heldWorld is a log of 14 entries, two of each of seven persons, with a message beside
// each and a release for each, all past their time.
func heldWorld(t *testing.T) (*postgres.DB, *ledger.Log) {
	t.Helper()
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	for i := range 14 {
		mustAppend(t, log, simple(i))
	}
	for _, statement := range []string{
		`insert into ledger_messages (origin, idx, owner, class, keep_until, sealed)
		select origin, idx, case when idx % 2 = 0 then subject_ref else 'service:2026-01' end, 'use', now() - interval '1 day', 'x' from ledger_accesses`,
		`insert into ledger_releases (ref, owner, class, keep_until, sealed)
		select ref, 'service:2026-01', 'use', now() - interval '1 day', 'x' from ledger_entries`,
		`insert into person_keys (owner, use, wrapped) select distinct subject_ref, 'record', 'x'::bytea from ledger_accesses`,
	} {
		if _, err := db.Pool().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return db, log
}

// TestLegalHolds: what a hold covers outlives its time and a request for erasure, until
// the hold is lifted; both acts stand in the ledger.
func TestLegalHolds(t *testing.T) {
	for name, c := range map[string]struct {
		hold  postgres.LegalHold
		stays int // messages, and as many releases
	}{
		"a person":           {postgres.LegalHold{Subject: simple(3).Subject}, 2},
		"a range of entries": {postgres.LegalHold{Entries: ledger.Range{Origin: originA, First: 3, Size: 6}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			db, log := heldWorld(t)
			c.hold.By, c.hold.Reason, c.hold.At = "甲", "案件一", time.Now()
			id, err := db.PlaceHold(t.Context(), c.hold)
			if err != nil {
				t.Fatal(err)
			}
			expire := func(stays int) {
				t.Helper()
				if _, err := db.ExpireMessages(t.Context(), time.Now(), "test"); err != nil {
					t.Fatal(err)
				}
				if left := counted(t, db, `select count(*) from ledger_messages`); left != stays {
					t.Errorf("%d messages stay, not %d", left, stays)
				}
				if left := counted(t, db, `select count(*) from ledger_releases`); left != stays {
					t.Errorf("%d releases stay, not %d", left, stays)
				}
			}
			erase := func(i int) error {
				_, err := db.EraseSubject(t.Context(), postgres.Erasure{Subject: simple(i).Subject, Actor: "乙", Reason: "测试", At: time.Now()})
				return err
			}
			expire(c.stays)
			if err := erase(3); codeOf(err) != "legal-hold" {
				t.Errorf("an erasure of what is held: %v", err)
			}
			if err := erase(2); err != nil {
				t.Errorf("an erasure of what is not held: %v", err)
			}
			if held, err := db.Holds(t.Context()); err != nil || len(held) != 1 || held[0].ID != id || held[0].Entries != c.hold.Entries {
				t.Errorf("%+v %v", held, err)
			}
			if err := db.LiftHold(t.Context(), id, "丙", "结案", time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := db.LiftHold(t.Context(), id, "丙", "结案", time.Now()); codeOf(err) != "legal-hold-unknown" {
				t.Errorf("lifted twice: %v", err)
			}
			expire(0)
			if err := erase(3); err != nil {
				t.Error(err)
			}
			mustAppend(t, log, simple(20))
			holdsAreRecorded(t, db, id)
		})
	}
}

func holdsAreRecorded(t *testing.T, db *postgres.DB, id string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		found, err := db.Ledger().Recent(t.Context(), nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		var acts []string
		for _, one := range found {
			if one.Entry.Value("hold") == id {
				acts = append(acts, string(one.Entry.Kind)+" "+one.Entry.Value("actor"))
			}
		}
		if strings.Join(acts, ", ") == "hold-lifted 丙, hold-placed 甲" {
			return
		}
	}
	t.Error("the ledger does not hold both acts")
}

func TestHoldsThatSayNothing(t *testing.T) {
	db := pgtest.New(t)
	for _, wrong := range []postgres.LegalHold{
		{By: "甲", Reason: "案件"}, {Subject: "x", By: "甲"}, {Subject: "x", Reason: "案件"},
		{Subject: "x", Entries: ledger.Range{Origin: originA, Size: 1}, By: "甲", Reason: "案件"},
		{Entries: ledger.Range{Origin: originA, First: 2, Size: 2}, By: "甲", Reason: "案件"},
	} {
		if _, err := db.PlaceHold(t.Context(), wrong); codeOf(err) != "legal-hold-malformed" {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}
