package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/basis"
	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// evidenceOf gathers one use's evidence through the operator's command, with the
// release's signature in it.
func evidenceOf(t *testing.T, w *world, ref string) []byte {
	t.Helper()
	w.wantRelease(t, ref)
	t.Setenv("DATABASE_URL", w.dsn)
	t.Setenv("KAPOK_KEYS__FOLDER", w.keys.Folder)
	t.Setenv("KAPOK_KEYS__PASSPHRASE_FILE", w.keys.PassphraseFile)
	var out bytes.Buffer
	if err := run(t.Context(), []string{"ledger", "evidence", "--ref", ref, "--reason", "court file 1"}, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pinnedOf(t *testing.T, w *world) ledger.Bundle {
	t.Helper()
	pinned, err := ledger.ParseBundle(w.nodes[0].bundle())
	if err != nil {
		t.Fatal(err)
	}
	return pinned
}

func wantEvidence(t *testing.T, report evidence.Report) {
	t.Helper()
	for _, step := range report.Steps {
		if step.Status != ledger.Pass {
			t.Errorf("%s: %s: %s", step.Name, step.Status, step.Why)
		}
	}
}

func TestEvidenceOfAUse(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	released := readRelease(t, department.send(department.shot(ask(w.statutory("name", "state"), "name", "state"))))
	pinned := pinnedOf(t, w)
	file := evidenceOf(t, w, released.ExchangeID)
	report := evidence.Verify(file, pinned, verifier)
	wantEvidence(t, report)
	for _, step := range report.Steps {
		t.Log(step.Name, step.Why)
	}
	if len(report.Told) != 2 {
		t.Errorf("it tells of %d entries", len(report.Told))
	}
	_, summary, err := evidence.Parse(file)
	if err != nil || !strings.Contains(string(summary), "数据使用证据") || !strings.Contains(string(summary), dibao) || strings.Contains(string(summary), firstCitizen()) {
		t.Errorf("the summary: %v\n%s", err, summary)
	}
	w.wantReadingRecorded(t, released.ExchangeID)
	other := newWorld(t, 1)
	if evidence.Verify(file, pinnedOf(t, other), verifier).OK() {
		t.Error("it verifies against another district's root")
	}
	wantSpoiltBundlesFail(t, file, pinned)
	wantForgeriesOfAnInsiderFail(t, w, file, pinned)
}

// wantForgeriesOfAnInsiderFail: whoever holds the operational key and every form can
// still not put other words beside an entry that was sealed.
func wantForgeriesOfAnInsiderFail(t *testing.T, w *world, file []byte, pinned ledger.Bundle) {
	t.Helper()
	for name, forged := range map[string]struct {
		step  string
		forge func(*evidence.Bundle)
	}{
		"another answer": {"messages", func(b *evidence.Bundle) {
			answer, err := evidence.ParseAnswer(b.Entries[1].Message)
			if err != nil {
				t.Fatal(err)
			}
			answer.Digest[0] ^= 1
			b.Entries[1].Message = answer.Encode()
		}},
		"another basis of that id": {"basis", func(b *evidence.Bundle) {
			granted, err := basis.Read(b.Basis.Document)
			if err != nil {
				t.Fatal(err)
			}
			granted.PurposeText += " and more"
			current := w.nodes[0].operational.Current()
			signed, err := basis.Sign(t.Context(), granted, current.Signer, current.Certificate)
			if err != nil {
				t.Fatal(err)
			}
			b.Basis = &evidence.Basis{Certificate: signed.Certificate, Document: signed.Document, Signature: signed.Signature}
		}},
	} {
		b, _, err := evidence.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		forged.forge(&b)
		if step := stepOf(evidence.Verify(mustWrite(t, b), pinned, verifier), forged.step); step.Status != ledger.Fail {
			t.Errorf("%s: the step %s says %+v", name, forged.step, step)
		}
	}
}

// wantReadingRecorded: whoever reads the record stands in it, where the person sees it.
func (w *world) wantReadingRecorded(t *testing.T, ref string) {
	t.Helper()
	intent := wantTrail(t, w, ref, "intent", "outcome")[0]
	subject := intent.Entry.Value(ledger.SubjectField)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		seen, err := w.nodes[0].database.Ledger().Accesses(t.Context(), subject, postgres.LedgerPlace{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		if seen[0].Entry.Kind == evidenceReadKind && seen[0].Entry.Value("exchange") == ref && seen[0].Entry.Value("reason") == "court file 1" {
			return
		}
	}
	t.Error("the reading is not in the person's record")
}

// wantSpoiltBundlesFail changes each part of the bundle, as a forger would who can
// write the file's canonical form.
func wantSpoiltBundlesFail(t *testing.T, file []byte, pinned ledger.Bundle) {
	t.Helper()
	flip := func(b []byte) []byte { changed := bytes.Clone(b); changed[len(changed)/2] ^= 1; return changed }
	for name, spoil := range map[string]func(*evidence.Bundle){
		"ref":       func(b *evidence.Bundle) { b.Ref = strings.Repeat("0", 32) },
		"a receipt": func(b *evidence.Bundle) { b.Entries[0].Receipt = flip(b.Entries[0].Receipt) },
		"order":     func(b *evidence.Bundle) { b.Entries[0], b.Entries[1] = b.Entries[1], b.Entries[0] },
		"request":   func(b *evidence.Bundle) { b.Entries[0].Message = flip(b.Entries[0].Message) },
		"answer":    func(b *evidence.Bundle) { b.Entries[1].Message = flip(b.Entries[1].Message) },
		"messages swapped": func(b *evidence.Bundle) {
			b.Entries[0].Message, b.Entries[1].Message = b.Entries[1].Message, b.Entries[0].Message
		},
		"no key":              func(b *evidence.Bundle) { b.Key = nil },
		"another key":         func(b *evidence.Bundle) { b.Key.Point = otherPoint(t) },
		"no enrolment":        func(b *evidence.Bundle) { b.Key.Receipts = [][]byte{} },
		"enrolment":           func(b *evidence.Bundle) { b.Key.Receipts = [][]byte{b.Entries[0].Receipt} },
		"no basis":            func(b *evidence.Bundle) { b.Basis = nil },
		"basis":               func(b *evidence.Bundle) { b.Basis.Document = flip(b.Basis.Document) },
		"basis signature":     func(b *evidence.Bundle) { b.Basis.Signature = flip(b.Basis.Signature) },
		"release":             func(b *evidence.Bundle) { b.Release.Message = flip(b.Release.Message) },
		"release chain":       func(b *evidence.Bundle) { b.Release.Chain = [][]byte{pinned.Roots[0]} },
		"a list of nobody's":  func(b *evidence.Bundle) { b.Lists = [][]byte{{0x30, 0}} },
		"a stamp that is not": func(b *evidence.Bundle) { b.Stamps = []evidence.Stamp{{}} },
	} {
		b, _, err := evidence.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		spoil(&b)
		var out bytes.Buffer
		if err := b.Write(&out); err != nil {
			t.Fatal(err)
		}
		if evidence.Verify(out.Bytes(), pinned, verifier).OK() {
			t.Errorf("%s: changed, and it verifies", name)
		}
	}
	if evidence.Verify(withSummary(t, file, "<p>nothing happened"), pinned, verifier).OK() {
		t.Error("a summary that lies verifies")
	}
}

func otherPoint(t *testing.T) []byte {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key.Public().Bytes()
}

func withSummary(t *testing.T, file []byte, summary string) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	from, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	again := zip.NewWriter(&out)
	for _, one := range []struct{ name, content string }{{archive.File[0].Name, string(raw)}, {archive.File[1].Name, summary}} {
		into, err := again.Create(one.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := into.Write([]byte(one.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestEvidenceWithARevocationList: with a list in the bundle, every certificate has
// to be cleared by it at the time of sealing.
func TestEvidenceWithARevocationList(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	released := readRelease(t, department.send(department.shot(ask(w.statutory("name"), "name"))))
	b, _, err := evidence.Parse(evidenceOf(t, w, released.ExchangeID))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	root, err := pki.NewRoot(context.Background(), stranger, "another root", now.Add(-time.Hour), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := pki.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pki.NewCRL(context.Background(), parsed, stranger, pki.Revoked{Number: 1, ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.takesRevocations(t, released.ExchangeID, root, list)
	b.Lists = [][]byte{list}
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	if evidence.Verify(out.Bytes(), pinnedOf(t, w), verifier).OK() {
		t.Error("another authority's list clears the certificates")
	}
}

// takesRevocations: a node takes the lists of its own root and of the issuers that its
// configuration names, and the evidence holds those that were in force. Where they do not
// speak of the certificates it holds none, because they would clear nothing.
func (w *world) takesRevocations(t *testing.T, ref string, strange, other []byte) {
	t.Helper()
	issuer := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, _ *http.Request) {
		_ = pem.Encode(res, &pem.Block{Type: "X509 CRL", Bytes: other})
	}))
	defer issuer.Close()
	n := w.nodes[0]
	n.config.Ledger.RevocationLists = []string{issuer.URL + "/list.crl"}
	n.takeRevocations(t.Context())
	file := evidenceOf(t, w, ref)
	report := evidence.Verify(file, pinnedOf(t, w), verifier)
	wantEvidence(t, report)
	b, _, err := evidence.Parse(file)
	if err != nil || !slices.ContainsFunc(b.Lists, func(list []byte) bool { return bytes.Equal(list, other) }) || !strings.Contains(stepOf(report, "revocation").Why, "cleared by") {
		t.Errorf("%d lists; %+v; %v", len(b.Lists), stepOf(report, "revocation"), err)
	}
	reader := newReader(n.database, n.keyring)
	reader.root = strange
	if b, err = reader.evidence(t.Context(), reading{ref: ref, actor: "test", reason: "test"}); err != nil || len(b.Lists) != 0 {
		t.Errorf("%d lists, none of which speaks of the certificates; %v", len(b.Lists), err)
	}
}

// TestErasureLeavesProofs: what was handed out before verifies as it did, the log is
// whole, and what the person's record held is gone.
func TestErasureLeavesProofs(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	released := readRelease(t, department.send(department.shot(ask(w.statutory("name", "state"), "name", "state"))))
	pinned, ref := pinnedOf(t, w), released.ExchangeID
	before := evidenceOf(t, w, ref)
	trail := wantTrail(t, w, ref, "intent", "outcome")
	subject := trail[0].Entry.Value(ledger.SubjectField)
	kept, err := w.nodes[0].database.Ledger().Message(t.Context(), trail[0].Origin, trail[0].Index)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"ledger", "erase", "--subject", subject, "--reason", "retention ended"}, &out); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())

	if !ledger.VerifyReceipt(released.Receipt, pinned, verifier).OK() {
		t.Error("a receipt made before the erasure no longer verifies")
	}
	wantEvidence(t, evidence.Verify(before, pinned, verifier))
	if _, err := w.keeper().Open(t.Context(), kept.Owner, "use", kept.Sealed); err == nil {
		t.Error("a message of the erased person opens, as from a backup")
	}
	for _, entry := range wantTrail(t, w, ref, "intent", "outcome") {
		if len(entry.Entry.Fields) > 0 {
			t.Error("an erased entry still shows a field")
		}
		bare, err := ledger.ReceiptAt(t.Context(), w.nodes[0].database.Ledger(), entry.Origin, entry.Index, nil)
		if err != nil || !ledger.VerifyReceipt(bare, pinned, verifier).OK() {
			t.Errorf("the erased entry's own receipt: %v", err)
		}
	}
	if kept, err := w.nodes[0].database.Ledger().ReleaseMessage(t.Context(), ref); err != nil || kept != nil {
		t.Errorf("the release's message stands: %v", err)
	}
	wantNoTraceOf(t, w, subject)
	wantLogVerifies(t, w, pinned)
	wantAuditPasses(t)
}

// wantAuditPasses: the erasure accounts for what is gone, once its entry is sealed.
func wantAuditPasses(t *testing.T) {
	t.Helper()
	var out bytes.Buffer
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		out.Reset()
		if err = run(t.Context(), []string{"ledger", "audit"}, &out); err == nil {
			return
		}
	}
	t.Errorf("the audit: %v\n%s", err, out.String())
}

// wantNoTraceOf: no key of the person is left.
func wantNoTraceOf(t *testing.T, w *world, subject string) {
	t.Helper()
	key, err := w.nodes[0].database.PersonKey(t.Context(), subject, "record")
	if err != nil || key != nil {
		t.Errorf("the record key stands: %v", err)
	}
}

// wantLogVerifies exports the log and checks it as a stranger would.
func wantLogVerifies(t *testing.T, w *world, pinned ledger.Bundle) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "log")
	if err := run(t.Context(), []string{"ledger", "export", "--origin", "kapok.test/node-0", folder}, io.Discard); err != nil {
		t.Fatal(err)
	}
	report, err := ledger.VerifyLog(t.Context(), os.DirFS(folder), ledger.LogOptions{Bundle: pinned, Verifier: verifier, All: true})
	if err != nil || !report.OK() {
		t.Errorf("%v %+v", err, report)
	}
}

func TestExpiry(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	released := readRelease(t, department.send(department.shot(ask(w.statutory("name"), "name"))))
	database, ref := w.nodes[0].database, released.ExchangeID
	w.wantRelease(t, ref)
	intent := wantTrail(t, w, ref, "intent", "outcome")[0]
	expire := func(at time.Time) int64 {
		gone, err := database.ExpireMessages(t.Context(), at, "test")
		if err != nil {
			t.Fatal(err)
		}
		return gone
	}
	if gone := expire(time.Now().AddDate(3, 0, 0)); gone != 0 {
		t.Errorf("%d messages went before their time", gone)
	}
	if gone := expire(time.Now().AddDate(3, 0, 2)); gone != 3 {
		t.Errorf("%d messages went, want the request's, the answer's and the release's", gone)
	}
	if kept, err := database.Ledger().Message(t.Context(), intent.Origin, intent.Index); err != nil || kept != nil {
		t.Errorf("a message stands after its time: %v", err)
	}
	report := evidence.Verify(evidenceWithout(t, w, ref), pinnedOf(t, w), verifier)
	wantEvidence(t, report)
}

// evidenceWithout is the evidence of a use whose messages have expired.
func evidenceWithout(t *testing.T, w *world, ref string) []byte {
	t.Helper()
	b, err := newReader(w.nodes[0].database, w.nodes[0].keyring).evidence(t.Context(), reading{ref: ref, actor: "test", reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
