package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
	"kapok/gateway/ledger/anchor"
	"kapok/gateway/postgres/pgtest"
)

// TestRecoveryAfterALostTail walks through docs/recovery.md: the anchor knows more than
// the database, the node refuses, new-origin is run, the node goes on.
func TestRecoveryAfterALostTail(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	basis := w.statutory("name")
	before := readRelease(t, department.send(department.shot(ask(basis, "name"))))

	c := w.config("node-set-back")
	c.Ledger.Anchors = filepath.Join(t.TempDir(), "anchors")
	log := newLog(&lockedWriter{to: w.logs})
	lost := aheadOf(t, w, c)
	folder, err := anchor.Open(c.Ledger.Anchors)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Keep(lost); err != nil {
		t.Fatal(err)
	}
	_, err = startNode(t.Context(), c, w.nodes[0].keyring, log)
	if code := gateway.AsError(err).Code; code != "ledger-behind-anchor" {
		t.Fatalf("a node behind its anchor started: %v", err)
	}

	file := configFile(t, c, w)
	var out bytes.Buffer
	if err := ledgerCommand(t.Context(), []string{"audit", "--config", file}, &out); err == nil || !strings.Contains(out.String(), "it was anchored with") {
		t.Errorf("the audit does not find it: %v\n%s", err, &out)
	}
	if err := ledgerCommand(t.Context(), []string{"new-origin", "--config", file, "--reason", "测试:恢复了旧备份"}, &out); err != nil {
		t.Fatal(err)
	}
	n, err := startNode(t.Context(), c, w.nodes[0].keyring, log)
	if err != nil {
		t.Fatal(err)
	}
	if n.origin != originOf(c, 2) {
		t.Errorf("it goes on as %s", n.origin)
	}
	gap, err := ledger.SealedAt(t.Context(), n.database.Ledger(), n.origin, 0)
	if err != nil || gap.Entry.Kind != ledger.GapKind {
		t.Fatalf("the first entry is %+v, %v", gap.Entry, err)
	}
	expectGap(t, gap.Entry, originOf(c, 1), lost)
	w.serve(n, listen(t, publicURL))
	s := department.shot(ask(basis, "name"))
	s.node = 1
	readRelease(t, department.send(s))
	bundle, err := ledger.ParseBundle(w.nodes[0].bundle())
	if err != nil || !ledger.VerifyReceipt(before.Receipt, bundle, verifier).OK() {
		t.Errorf("an old receipt: %v", err)
	}
}

// expectGap: nothing was stored of a log that was sealed up to the checkpoint lost. How
// many entries that is depends on when the node sealed those of its own start.
func expectGap(t *testing.T, gap ledger.Entry, log, lost string) {
	t.Helper()
	head, err := ledger.ParseCheckpoint(lost)
	if err != nil || head.Size < 5 {
		t.Fatalf("%+v %v", head, err)
	}
	for name, expected := range map[string]string{
		"log": log, "stored": "0", "stored-root": "none",
		"anchored": strconv.FormatUint(head.Size, 10), "anchored-root": hex.EncodeToString(head.Root[:]),
	} {
		if got := gap.Value(name); got != expected {
			t.Errorf("the gap's %s is %q, not %q", name, got, expected)
		}
	}
}

// aheadOf makes the checkpoint that a node sealed before its database was set back: in a
// database of its own, under the same keys.
func aheadOf(t *testing.T, w *world, c config) string {
	t.Helper()
	other := newWorldBeside(t, w, c)
	defer func() {
		if err := other.stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for range 5 {
		_, err := other.journal.Append(t.Context(), ledger.Append{Entry: func(ledger.Found) ledger.Entry {
			return ledger.Entry{Kind: "token", At: time.Now()}
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	head, _, err := other.database.Ledger().Head(t.Context(), other.origin)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// newWorldBeside starts a node on a database of its own.
func newWorldBeside(t *testing.T, w *world, c config) *node {
	t.Helper()
	c.Database.URL, c.Ledger.Anchors = pgtest.NewDSN(t), ""
	n, err := startNode(t.Context(), c, w.nodes[0].keyring, newLog(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// hangUp makes the call and closes the connection once the intent is durable, while the
// source is asked.
func (c *caller) hangUp(t *testing.T, s *shot) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	request, _ := c.signed(s)
	gone := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(request.WithContext(ctx)) //nolint:bodyclose // there is none to close
		gone <- err
	}()
	waitForIntent(t, c.w)
	cancel()
	if err := <-gone; err == nil {
		t.Error("the answer was faster than the caller was gone")
	}
}

// TestReleaseToACallerWhoIsGone: the connection breaks before the answer is written. The
// record must not leave it at "released" when it cannot know, nor leave the intent open.
func TestReleaseToACallerWhoIsGone(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	basis := w.statutory("name")
	w.order("slow", time.Second)
	department.hangUp(t, department.shot(ask(basis, "name")))
	store := w.nodes[0].database.Ledger()
	var last ledger.Entry
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		open, err := store.Unsettled(t.Context(), w.nodes[0].origin, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		found := recent(t, w)
		if len(open) == 0 && len(found) > 0 && found[0].Entry.Kind == ledger.OutcomeKind {
			last = found[0].Entry
			break
		}
	}
	ends := []string{closing.ReleaseUnknown, closing.Failed, closing.NotReleased}
	if result := last.Value("result"); !slices.Contains(ends, result) {
		t.Errorf("a caller who hung up while the source was asked: the last word is %q", result)
	}
}

// TestReleaseThatPerhapsDidNotArrive: the write itself fails.
func TestReleaseThatPerhapsDidNotArrive(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	s := department.shot(ask(w.statutory("name"), "name"))
	request, signed := department.signed(s)
	released, err := w.nodes[0].exchange.Exchange(t.Context(), exchange.Call{
		Method: request.Method, TargetURI: signed.TargetURI, Header: request.Header, Body: s.body,
	})
	if err != nil {
		t.Fatal(err)
	}
	released.Handed(errors.New("broken pipe"))
	var given release
	if err := json.Unmarshal(released.Body, &given); err != nil {
		t.Fatal(err)
	}
	store := w.nodes[0].database.Ledger()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		found, err := store.Find(t.Context(), given.ExchangeID)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) < 3 {
			continue
		}
		last := found[2].Entry
		if last.Value("result") != closing.ReleaseUnknown || last.Value("code") != closing.CallerGone || last.Value("item") == "" || last.Value(ledger.SubjectField) == "" {
			t.Errorf("the last word is %+v", last)
		}
		return
	}
	t.Error("nothing says that the release perhaps did not arrive")
}

func configFile(t *testing.T, c config, w *world) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kapok.yaml")
	if err := os.WriteFile(path, yamlOf(c, w.outside), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
