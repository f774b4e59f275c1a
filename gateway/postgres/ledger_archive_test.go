package postgres_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// archiveSizes are the checkpoints of the log that these tests archive: its one whole
// chunk lies within the first.
var archiveSizes = []int64{65_536 + 256, 65_536 + 512}

// archiveWorld is a log of one chunk and some, and a shelf for its archives.
type archiveWorld struct {
	dsn   string
	db    *postgres.DB // with the shelf at hand
	d     district
	root  string
	shelf *ledger.Shelf
	log   *ledger.Log
}

func newArchiveWorld(t *testing.T) *archiveWorld {
	t.Helper()
	w := &archiveWorld{dsn: pgtest.NewDSN(t), d: newDistrict(t), root: t.TempDir()}
	w.shelf = ledger.NewShelf(w.root)
	var err error
	if w.db, err = postgres.Open(t.Context(), w.dsn, postgres.Options{Shelf: w.shelf}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.db.Close)
	fill(t, w.db, w.d, asStored, archiveSizes...)
	w.log = openLog(t, w.db.Ledger(), w.d.options(originA, "a"))
	return w
}

func (w *archiveWorld) options() ledger.LogOptions {
	return ledger.LogOptions{Bundle: w.d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{Both: true})}
}

func (w *archiveWorld) span(first, size int64) ledger.Range {
	return ledger.Range{Origin: originA, First: uint64(first), Size: uint64(size)}
}

// archive writes, verifies and records one.
func (w *archiveWorld) archive(t *testing.T, r ledger.Range) ledger.Archived {
	t.Helper()
	a, err := w.shelf.Put(t.Context(), w.db.Ledger(), r, w.options())
	if err == nil {
		err = w.db.RecordArchive(t.Context(), a, "甲", time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (w *archiveWorld) prune(t *testing.T, a ledger.Archived, by string) (uint64, error) {
	t.Helper()
	return w.db.Prune(t.Context(), postgres.Pruning{Archive: a, By: by, Reason: "测试", At: time.Now()})
}

// sealPending waits until everything that was committed is sealed.
func (w *archiveWorld) sealPending(t *testing.T) {
	t.Helper()
	untilSealed(t, w.db)
}

func (w *archiveWorld) mustBeSound(t *testing.T) {
	t.Helper()
	w.sealPending(t)
	report, err := w.db.Ledger().Audit(t.Context(), ledger.AuditOptions{Bundle: w.d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{})})
	if err != nil || !report.OK() || report.Entries < uint64(archiveSizes[1]) {
		t.Fatalf("the audit: %+v %v", report, err)
	}
}

func (w *archiveWorld) receipt(t *testing.T, index uint64) []byte {
	t.Helper()
	raw, err := ledger.ReceiptAt(t.Context(), w.db.Ledger(), originA, index, nil)
	if err != nil {
		t.Fatalf("receipt of %d: %v", index, err)
	}
	w.d.mustVerify(t, raw)
	return raw
}

func counted(t *testing.T, db *postgres.DB, query string) (n int) {
	t.Helper()
	if err := db.Pool().QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const below65536 = `select count(*) from ledger_entries where idx < 65536`

// TestArchive archives a chunk, with all that can go wrong on the way, deletes it, asks
// for everything again, and alters what is left of it.
func TestArchive(t *testing.T) {
	w := newArchiveWorld(t)
	places := []uint64{0, 5, 65_535, 65_536, uint64(archiveSizes[1]) - 1}
	before := map[uint64][]byte{}
	for _, index := range places {
		before[index] = w.receipt(t, index)
	}
	a := w.survivesFaults(t)
	if _, err := w.prune(t, a, "甲"); codeOf(err) != "second-person-needed" {
		t.Errorf("who archived also deletes: %v", err)
	}
	w.openIntentStays(t, a)
	w.diesWhileItPrunes(t, a)
	if err := w.db.FreeRanges(t.Context()); err != nil {
		t.Error(err)
	}
	if counted(t, w.db, below65536) != 0 || counted(t, w.db, `select count(*) from ledger_archived`) != 65_536 {
		t.Error("the database holds another part than it should")
	}
	for _, index := range places {
		if !bytes.Equal(w.receipt(t, index), before[index]) {
			t.Errorf("the receipt of entry %d is another than before", index)
		}
	}
	w.readsAsBefore(t)
	w.exportsAsBefore(t)
	w.erasesAsBefore(t)
	w.archivesFurther(t)
	w.alterationsAreFound(t)
}

// diesWhileItPrunes: the node ends after the entries are gone and before it is sealed
// that they are. An audit before the next start finds nothing wrong, pruning again goes
// on where it stands, and whoever starts next seals it.
func (w *archiveWorld) diesWhileItPrunes(t *testing.T, a ledger.Archived) {
	t.Helper()
	w.sealPending(t)
	if err := w.log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if upto, err := w.prune(t, a, "乙"); err != nil || upto != 65_536 {
			t.Fatalf("deleted up to %d, %v", upto, err)
		}
		report, err := w.db.Ledger().Audit(t.Context(), ledger.AuditOptions{Bundle: w.d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{})})
		if err != nil || !report.OK() {
			t.Fatalf("the audit before it is sealed: %+v %v", report.Altered, err)
		}
	}
	if pruned := counted(t, w.db, `select count(*) from ledger_pending where idx is null`); pruned != 1 {
		t.Errorf("%d entries wait to be sealed, want the one of the pruning", pruned)
	}
	w.log = openLog(t, w.db.Ledger(), w.d.options(originA, "a"))
	w.sealPending(t)
	w.mustBeSound(t)
}

func (w *archiveWorld) readsAsBefore(t *testing.T) {
	t.Helper()
	record := w.db.Ledger()
	found, err := record.Accesses(t.Context(), simple(1).Subject, postgres.LedgerPlace{At: time.Now().Add(time.Hour)}, 5)
	if err != nil || len(found) != 5 {
		t.Errorf("the citizen's list: %d %v", len(found), err)
	}
	page, err := record.Recent(t.Context(), map[string]uint64{originA: 3}, 10)
	if err != nil || len(page) != 3 || page[0].Index != 2 || page[0].Entry.Value("item") != "测试目录" {
		t.Errorf("the oldest entries: %+v %v", page, err)
	}
	without := pgtest.Open(t, w.dsn)
	if _, err := ledger.ReceiptAt(t.Context(), without.Ledger(), originA, 5, nil); codeOf(err) != "ledger-archived" {
		t.Errorf("without the archive: %v", err)
	}
	if _, err := without.Ledger().Audit(t.Context(), ledger.AuditOptions{Bundle: w.d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{})}); codeOf(err) != "ledger-archived" {
		t.Errorf("an audit without the archive: %v", err)
	}
}

// exportsAsBefore: the whole log, from the archive and the database, verifies as one;
// and so does the consistency from a checkpoint that the archive took.
func (w *archiveWorld) exportsAsBefore(t *testing.T) {
	t.Helper()
	record := w.db.Ledger()
	folder := filepath.Join(t.TempDir(), "whole")
	if err := ledger.Export(t.Context(), record, w.span(0, archiveSizes[1]), folder); err != nil {
		t.Fatal(err)
	}
	report, err := ledger.VerifyLog(t.Context(), os.DirFS(folder), w.options())
	if err != nil || !report.OK() || report.Told.Checkpoints != 3 {
		t.Errorf("%+v %v", report, err)
	}
	oldest, err := record.HeadAt(t.Context(), originA, 1)
	if err != nil || oldest == "" {
		t.Fatalf("the first checkpoint: %q %v", oldest, err)
	}
	proved, err := ledger.ProveConsistency(t.Context(), record, originA, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if report := ledger.VerifyConsistency(oldest, proved.Checkpoint, proved.Proof, proved.Keys, w.d.bundle, w.options().Verifier); !report.OK() {
		t.Errorf("%+v", report.Steps)
	}
}

func (w *archiveWorld) erasesAsBefore(t *testing.T) {
	t.Helper()
	erased, err := w.db.EraseSubject(t.Context(), postgres.Erasure{Subject: simple(1).Subject, Actor: "丙", Reason: "测试", At: time.Now()})
	if err != nil || erased.Openings != archiveSizes[1] {
		t.Fatalf("%+v %v", erased, err)
	}
	if told := w.d.mustVerify(t, w.receipt(t, 5)); len(told.Shown) != 0 {
		t.Errorf("an erased entry shows %+v", told.Shown)
	}
	w.mustBeSound(t)
}

// openIntentStays: an intent of which nobody knows yet what became of it stays in the
// database, and so does what lies after it.
func (w *archiveWorld) openIntentStays(t *testing.T, a ledger.Archived) {
	t.Helper()
	exec := func(statement string) {
		if _, err := w.db.Pool().Exec(t.Context(), statement, originA); err != nil {
			t.Fatal(err)
		}
	}
	exec(`insert into ledger_open values ($1, decode(repeat('ab', 16), 'hex'), 60000)`)
	if upto, err := w.prune(t, a, "乙"); err != nil || upto != 0 {
		t.Errorf("past an open intent: %d %v", upto, err)
	}
	exec(`delete from ledger_open where origin = $1`)
}

// archivesFurther: the next archive begins where the database does.
func (w *archiveWorld) archivesFurther(t *testing.T) {
	t.Helper()
	head, _, err := w.db.Ledger().Head(t.Context(), originA)
	if err != nil {
		t.Fatal(err)
	}
	last, err := ledger.ParseCheckpoint(head)
	if err != nil {
		t.Fatal(err)
	}
	a := w.archive(t, w.span(65_536, int64(last.Size)))
	if upto, err := w.prune(t, a, "乙"); err != nil || upto != 65_536 {
		t.Errorf("a chunk that is not whole went: %d %v", upto, err)
	}
	mustAppend(t, w.log, simple(7))
}

// survivesFaults is the archive's fault table: after each nothing is lost, and the act
// can be done again.
func (w *archiveWorld) survivesFaults(t *testing.T) ledger.Archived {
	t.Helper()
	whole := w.span(0, archiveSizes[0])
	exec := func(statement string) {
		t.Helper()
		if _, err := w.db.Pool().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	crashed := w.shelf.Folder(whole) + ".partial"
	if err := os.MkdirAll(filepath.Join(crashed, "entries"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(crashed, "entries", "000000000000.bin"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := w.shelf.Put(t.Context(), w.db.Ledger(), whole, w.options())
	if err != nil {
		t.Fatalf("after a crash while it was written: %v", err)
	}
	file := filepath.Join(w.shelf.Folder(whole), "entries", "000000000000.bin")
	const heads = `select count(*) from ledger_checkpoints`
	before := counted(t, w.db, heads)
	other := a
	other.Manifest[0] ^= 1
	for _, c := range []struct {
		name string
		when func()
		do   func() error
		then func()
		is   func(error) bool
	}{
		{"it was not recorded", func() {}, func() error { _, err := w.prune(t, a, "乙"); return err }, func() {}, code("archive-unknown")},
		{"a crash after it was written and before it was recorded", func() {}, func() error { w.archive(t, whole); return nil }, func() {}, nil},
		{"recorded twice", func() {}, func() error { w.archive(t, whole); return nil }, func() {}, nil},
		{"another is recorded", func() {}, func() error { _, err := w.prune(t, other, "乙"); return err }, func() {}, code("archive-differs")},
		{"a byte of it was altered", func() { flipByte(t, file, 100_000) }, func() error { _, err := w.shelf.Look(t.Context(), w.db.Ledger(), whole, w.options()); return err }, func() { flipByte(t, file, 100_000) }, failed},
		{"it is cut short", func() { rename(t, file, file+".away") }, func() error { _, err := w.shelf.Look(t.Context(), w.db.Ledger(), whole, w.options()); return err }, func() { rename(t, file+".away", file) }, failed},
		{"the database fails while it deletes", func() { exec(failOn("ledger_archived")) }, func() error { _, err := w.prune(t, a, "乙"); return err }, func() { exec(`drop trigger fault on ledger_archived`) }, failed},
		{"the database fails at the commit", func() { exec(failOn("ledger_prunings")) }, func() error { _, err := w.prune(t, a, "乙"); return err }, func() { exec(`drop trigger fault on ledger_prunings`) }, failed},
		{"the connection is killed", func() { exec(killOn("ledger_archived")) }, func() error { _, err := w.prune(t, a, "乙"); return err }, func() { exec(`drop trigger fault on ledger_archived`) }, failed},
		{"the connection is killed between the entries and their checkpoints", func() { exec(killOnDelete("ledger_checkpoints")) }, func() error { _, err := w.prune(t, a, "乙"); return err }, func() { exec(`drop trigger fault on ledger_checkpoints`) }, failed},
		{"an entry is missing from the database", func() { exec(`update ledger_entries set origin = 'x' where idx = 77`) }, func() error { _, err := w.prune(t, a, "乙"); return err }, func() { exec(`update ledger_entries set origin = '` + originA + `' where origin = 'x'`) }, code("ledger-altered")},
	} {
		c.when()
		err := c.do()
		c.then()
		if c.is == nil && err != nil || c.is != nil && !c.is(err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if counted(t, w.db, heads) < before || counted(t, w.db, below65536) != 65_536 || counted(t, w.db, `select count(*) from ledger_archived`) != 0 {
			t.Fatalf("%s: entries went", c.name)
		}
	}
	return a
}

// alterationsAreFound: what is done to the archive, or to the books about it, is found.
func (w *archiveWorld) alterationsAreFound(t *testing.T) {
	t.Helper()
	file := filepath.Join(w.shelf.Folder(w.span(0, archiveSizes[0])), "entries", "000000000000.bin")
	flipByte(t, file, 60)
	if _, err := ledger.ReceiptAt(t.Context(), w.db.Ledger(), originA, 0, nil); err == nil {
		t.Error("a receipt from an altered archive")
	}
	tx, err := w.db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tamper := range []string{
		`insert into ledger_prunings values ('` + originA + `', 65535, 'x', now())`,
		`update ledger_months set first = first + 1`,
		`insert into ledger_months values ('` + originA + `', '2001-01-01', 0)`,
		`update ledger_archived set kind = 'intent' where idx = 9`,
	} {
		if _, err := tx.Exec(t.Context(), tamper); err != nil {
			t.Fatal(err)
		}
	}
	report, err := postgres.AuditOver(t.Context(), tx, w.shelf, ledger.AuditOptions{Bundle: w.d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{})})
	if err := errors.Join(err, tx.Rollback(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"the entries below 65535", "month " + time.Now().UTC().Format("2006-01"), "month 2001-01", "entry 9", "tile 0/0"} {
		if !slices.ContainsFunc(report.Altered, func(one ledger.Altered) bool { return one.Where == where }) {
			t.Errorf("nothing is said of %s: %+v", where, report.Altered)
		}
	}
}

func code(want string) func(error) bool { return func(err error) bool { return codeOf(err) == want } }

func failed(err error) bool { return err != nil }

func flipByte(t *testing.T, file string, at int64) {
	t.Helper()
	open, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var one [1]byte
	_, errRead := open.ReadAt(one[:], at)
	one[0] ^= 1
	_, errWrite := open.WriteAt(one[:], at)
	if err := errors.Join(errRead, errWrite, open.Close()); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func failOn(table string) string { return faultOn(table, `raise exception 'a fault of the test'`) }

func killOn(table string) string {
	return faultOn(table, `perform pg_terminate_backend(pg_backend_pid())`)
}

// killOnDelete ends the connection before the first row of the table is deleted.
func killOnDelete(table string) string {
	return `create or replace function fault() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
		create trigger fault before delete on ` + table + ` for each statement execute function fault()`
}

func faultOn(table, fault string) string {
	return `create or replace function fault() returns trigger language plpgsql as $$ begin ` + fault + `; return null; end $$;
		create constraint trigger fault after insert on ` + table + ` deferrable initially deferred for each row execute function fault()`
}

// TestToArchive: months are cut where the table says.
func TestToArchive(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	for i := range 10 {
		mustAppend(t, log, simple(i))
	}
	now := time.Now().UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	months, err := db.Ledger().Months(t.Context())
	if err != nil || len(months) != 1 || !months[0].Month.Equal(month) || months[0].First != 0 || months[0].Size != 10 {
		t.Fatalf("%+v %v", months, err)
	}
	if _, err := db.Pool().Exec(t.Context(), `insert into ledger_months values ($1, $2, 7)`, originA, month.AddDate(0, 2, 0)); err != nil {
		t.Fatal(err)
	}
	for until, size := range map[int]uint64{1: 7, 2: 7, 3: 10} {
		got, err := db.Ledger().ToArchive(t.Context(), originA, month.AddDate(0, until, 0))
		if err != nil || got != (ledger.Range{Origin: originA, Size: size}) {
			t.Errorf("until %d months on: %+v %v", until, got, err)
		}
	}
	if _, err := db.Ledger().ToArchive(t.Context(), originA, month); codeOf(err) != "archive-empty" {
		t.Errorf("before its first month: %v", err)
	}
	if _, err := db.Ledger().ToArchive(t.Context(), "kapok.test/absent", month); codeOf(err) != "ledger-log-unknown" {
		t.Errorf("of no log: %v", err)
	}
}
