package postgres_test

import (
	"os"
	"path/filepath"
	"testing"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres/pgtest"
)

// TestLedgerExport writes a log that a real sequencer made, and verifies the files
// as a stranger would; then it alters the database and finds it in the export.
func TestLedgerExport(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	appendMany(t, log, 700, func(ledger.Sealed) {})
	verifier := sm.NewVerifier(sm.VerifierOptions{Both: true})
	export := func(name string) ledger.LogReport {
		folder := filepath.Join(t.TempDir(), name)
		if err := ledger.Export(t.Context(), db.Ledger(), ledger.Range{Origin: originA, Size: 700}, folder); err != nil {
			t.Fatal(err)
		}
		report, err := ledger.VerifyLog(t.Context(), os.DirFS(folder), ledger.LogOptions{Bundle: d.bundle, Verifier: verifier})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if report := export("honest"); !report.OK() || report.Told.Size != 700 {
		t.Fatalf("%+v", report)
	}
	if _, err := db.Pool().Exec(t.Context(), `update ledger_entries set entry = set_byte(entry, length(entry) - 1, get_byte(entry, length(entry) - 1) # 1) where idx = 350`); err != nil {
		t.Fatal(err)
	}
	if report := export("altered"); report.OK() || report.Steps[5].Status != ledger.Fail {
		t.Errorf("%+v", report)
	}
	if _, err := db.Pool().Exec(t.Context(), `delete from ledger_entries where idx = 350`); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Export(t.Context(), db.Ledger(), ledger.Range{Origin: originA, Size: 700}, t.TempDir()); err == nil {
		t.Error("a log with a gap was exported")
	}
}

func TestLedgerProvesConsistency(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	heads := map[uint64]string{}
	for range 4 {
		appendMany(t, log, 170, func(sealed ledger.Sealed) { heads[sealed.Size] = sealed.Checkpoint })
	}
	newest, err := db.Ledger().HeadAt(t.Context(), originA, 0)
	if err != nil {
		t.Fatal(err)
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	for size, older := range heads {
		proved, err := ledger.ProveConsistency(t.Context(), db.Ledger(), originA, size, 0)
		if err != nil || proved.Checkpoint != newest {
			t.Fatal(err)
		}
		if report := ledger.VerifyConsistency(older, proved.Checkpoint, proved.Proof, proved.Keys, d.bundle, verifier); !report.OK() {
			t.Errorf("from %d: %+v", size, report.Steps)
		}
	}
	if _, err := ledger.ProveConsistency(t.Context(), db.Ledger(), "kapok.example.cn/none", 0, 0); err == nil {
		t.Error("a log that is not has a head")
	}
}
