package main

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres/pgtest"
)

// TestEvidenceWithATimeStamp: the sandbox's authority stamps the day's checkpoint,
// which is later than the one of the receipts.
func TestEvidenceWithATimeStamp(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	basis := w.statutory("name")
	released := readRelease(t, department.send(department.shot(ask(basis, "name"))))
	for range 3 {
		readRelease(t, department.send(department.shot(ask(basis, "name"))))
	}
	w.wantRelease(t, released.ExchangeID)
	t.Setenv("DATABASE_URL", w.dsn)
	t.Setenv("KAPOK_KEYS__FOLDER", w.keys.Folder)
	root := tsaRoot(t, w.outside)
	file := filepath.Join(t.TempDir(), "root.der")
	if err := os.WriteFile(file, root, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"ledger", "stamp", "--tsa", w.outside + "/tsa", "--tsa-root", file}, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "stamped") {
		t.Errorf("it said %q", out.String())
	}
	bundle, pinned := evidenceOf(t, w, released.ExchangeID), pinnedOf(t, w)
	report := evidence.Verify(bundle, pinned, verifier, root)
	wantEvidence(t, report)
	if step := stepOf(report, "stamps"); !strings.HasPrefix(step.Why, "2, by an authority under a pinned root") {
		t.Errorf("stamps: %+v", step)
	}
	if step := stepOf(evidence.Verify(bundle, pinned, verifier), "stamps"); !strings.Contains(step.Why, "NOT judged") {
		t.Errorf("without a pinned authority: %+v", step)
	}
	if evidence.Verify(bundle, pinned, verifier, pinned.Roots[0]).OK() {
		t.Error("it verifies under another authority's root")
	}
	wantSpoiltStampsFail(t, bundle, pinned, root)
}

func tsaRoot(t *testing.T, outside string) []byte {
	t.Helper()
	res, err := http.Get(outside + "/tsa/root")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	root, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func stepOf(report evidence.Report, name string) ledger.Step {
	for _, step := range report.Steps {
		if step.Name == name {
			return step
		}
	}
	return ledger.Step{}
}

func wantSpoiltStampsFail(t *testing.T, file []byte, pinned ledger.Bundle, root []byte) {
	t.Helper()
	for name, spoil := range map[string]func(*evidence.Bundle){
		"token":         func(b *evidence.Bundle) { b.Stamps[0].Token[len(b.Stamps[0].Token)-3] ^= 1 },
		"no such entry": func(b *evidence.Bundle) { b.Stamps[0].Entry = 9 },
		"proof": func(b *evidence.Bundle) {
			b.Stamps[0].Consistency = bytes.Replace(b.Stamps[0].Consistency, []byte(`"proof":[`), []byte(`"proof":["AAAA",`), 1)
		},
	} {
		b, _, err := evidence.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		before := sha256.Sum256(mustWrite(t, b))
		spoil(&b)
		spoilt := mustWrite(t, b)
		if before == sha256.Sum256(spoilt) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if step := stepOf(evidence.Verify(spoilt, pinned, verifier, root), "stamps"); step.Status != ledger.Fail {
			t.Errorf("%s: changed, and the step says %+v", name, step)
		}
	}
}

func mustWrite(t *testing.T, b evidence.Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestResealing(t *testing.T) {
	w := newWorld(t, 1)
	system := w.enrol(dibao)
	system.token(0) // something is sealed
	t.Setenv("DATABASE_URL", w.dsn)
	t.Setenv("KAPOK_KEYS__FOLDER", w.keys.Folder)
	store := pgtest.Open(t, w.dsn).Ledger()
	early, err := ledger.SealedAt(t.Context(), store, nodeLog, 0)
	if err != nil {
		t.Fatal(err)
	}
	system.token(0) // and more after it, so that a later checkpoint is sealed again
	size := strconv.FormatUint(early.Size, 10)
	if err := run(t.Context(), []string{"ledger", "resealed", "--origin", nodeLog, "--size", size, t.TempDir()}, io.Discard); err == nil {
		t.Error("a re-sealing is shown that was not made")
	}
	if err := run(t.Context(), []string{"ledger", "reseal"}, io.Discard); err != nil {
		t.Fatal(err)
	}
	waitForResealing(t, w)
	folder := t.TempDir()
	if err := run(t.Context(), []string{"ledger", "resealed", "--origin", nodeLog, "--size", size, folder}, io.Discard); err != nil {
		t.Fatal(err)
	}
	wantResealed(t, w, early, folder)
}

// nodeLog is the log of a world's first node.
const nodeLog = "kapok.test/node-0"

func waitForResealing(t *testing.T, w *world) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, entry := range recent(t, w) {
			if entry.Entry.Kind == ledger.ResealKind && entry.Entry.Value("origin") == nodeLog && len(entry.Entry.Value("checkpoint")) == 64 {
				return
			}
		}
	}
	t.Fatal("no entry commits to the checkpoint")
}

// wantResealed: what was handed out shows of an early receipt that it was sealed again,
// by the proof that a later checkpoint continues its own.
func wantResealed(t *testing.T, w *world, early ledger.Sealed, folder string) {
	t.Helper()
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.TrimSuffix(raw, []byte("\n"))
	}
	receipt, err := early.Receipt(nil)
	if err != nil {
		t.Fatal(err)
	}
	again := ledger.Resealing{Receipt: read("resealed.json"), Consistency: read("continues.json")}
	report := ledger.VerifyResealed(receipt, again, time.Now(), pinnedOf(t, w), verifier)
	if last := report.Steps[len(report.Steps)-1]; !report.OK() || !strings.HasPrefix(last.Why, "sealed again ") {
		t.Errorf("%+v", report.Steps)
	}
}
