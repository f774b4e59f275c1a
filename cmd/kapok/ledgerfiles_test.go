package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// TestLedgerToolsOfARunningNode exports the log of a node that answers calls, and
// verifies what was written as a stranger would.
func TestLedgerToolsOfARunningNode(t *testing.T) {
	w := newWorld(t, 1)
	node := w.nodes[0]
	var first ledger.Sealed // which of the node's own entries share its batch, nobody can tell
	for i := range 5 {
		sealed, err := node.journal.Append(t.Context(), ledger.Append{Entry: func(ledger.Found) ledger.Entry {
			return ledger.Entry{Kind: "trial", At: time.Now(), Fields: []ledger.Field{{Name: "n", Value: "1"}}}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = sealed
		}
	}
	size := strconv.FormatUint(first.Size, 10)
	t.Setenv("DATABASE_URL", w.dsn)
	t.Setenv("KAPOK_KEYS__FOLDER", w.keys.Folder)
	tool := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"ledger"}, args...), &out)
		return out.String(), err
	}
	folder := filepath.Join(t.TempDir(), "log")
	if out, err := tool("export", "--origin", "kapok.test/node-0", folder); err != nil || !strings.Contains(out, "kapok-verify log") {
		t.Fatalf("%s %v", out, err)
	}
	pinned, err := ledger.ParseBundle(node.bundle())
	if err != nil {
		t.Fatal(err)
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{Both: true})
	report, err := ledger.VerifyLog(t.Context(), os.DirFS(folder), ledger.LogOptions{Bundle: pinned, Verifier: verifier, All: true})
	if err != nil || !report.OK() || report.Told.Size < 5 {
		t.Fatalf("%+v %v", report, err)
	}
	older, err := tool("checkpoint", "--origin", "kapok.test/node-0", "--size", size)
	if err != nil || older != first.Checkpoint {
		t.Fatalf("the checkpoint of size %s: %q %v", size, older, err)
	}
	printed, err := tool("prove-consistency", "--origin", "kapok.test/node-0", "--from", size)
	if err != nil {
		t.Fatal(err)
	}
	proved, err := ledger.ParseConsistency([]byte(printed))
	if err != nil {
		t.Fatal(err)
	}
	if report := ledger.VerifyConsistency(older, proved.Checkpoint, proved.Proof, proved.Keys, pinned, verifier); !report.OK() {
		t.Errorf("%+v", report.Steps)
	}
	witnessOverHTTP(t, w.urls[0], node.bundle())
	archiveOfARunningNode(t, node.bundle(), tool)
	holdsOfARunningNode(t, tool)
	for _, wrong := range [][]string{
		{}, {"burn"}, {"export", "--origin", "kapok.test/node-0"}, {"export", folder},
		{"export", "--origin", "kapok.test/absent", t.TempDir()}, {"export", "--origin", "kapok.test/node-0", "--from", "1", t.TempDir()},
		{"checkpoint", "--origin", "kapok.test/node-0", "--size", "999"},
		{"archive", "--origin", "kapok.test/node-0", "--by", "甲"}, {"archive", "--origin", "kapok.test/node-0", "--by", "甲", "--until", "soon"},
		{"archive", "--origin", "kapok.test/node-0", "--by", "甲", "--until", "2001-01"}, {"prune", "--origin", "kapok.test/node-0", "--by", "乙"},
		{"hold", "--by", "甲", "--reason", "测试"}, {"hold", "--subject", "x", "--reason", "测试"}, {"lift", "--hold", "x"}, {"holds", "all"},
		{"lift", "--hold", "absent", "--by", "乙", "--reason", "测试"},
		{"prune", "--origin", "kapok.test/absent", "--by", "乙", "--reason", "测试"},
	} {
		if out, err := tool(wrong...); err == nil {
			t.Errorf("%v: %s", wrong, out)
		}
	}
}

// archiveOfARunningNode archives its log by month. It has no whole chunk yet, so that
// nothing is deleted; gateway/postgres archives and deletes more.
func archiveOfARunningNode(t *testing.T, bundle []byte, tool func(...string) (string, error)) {
	t.Helper()
	trust := filepath.Join(t.TempDir(), "bundle.json")
	if err := os.WriteFile(trust, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KAPOK_LEDGER__ARCHIVE", t.TempDir())
	next := time.Now().UTC().AddDate(0, 1, 0).Format("2006-01")
	for _, step := range []struct {
		args []string
		says string // in what it prints or in its error
	}{
		{[]string{"months"}, "kapok.test/node-0\t" + time.Now().UTC().Format("2006-01") + "\t0\t"},
		{[]string{"archive", "--origin", "kapok.test/node-0", "--until", next, "--by", "甲", "--bundle", trust}, "archived and verified"},
		{[]string{"prune", "--origin", "kapok.test/node-0", "--by", "甲", "--reason", "测试", "--bundle", trust}, "another person"},
		{[]string{"prune", "--origin", "kapok.test/node-0", "--by", "乙", "--reason", "测试", "--bundle", trust}, "holds entries from 0 on"},
	} {
		out, err := tool(step.args...)
		if err != nil {
			out += gateway.AsError(err).Message
		}
		if !strings.Contains(out, step.says) {
			t.Errorf("%v: %s %v", step.args, out, err)
		}
	}
}

// holdsOfARunningNode places a hold and lifts it.
func holdsOfARunningNode(t *testing.T, tool func(...string) (string, error)) {
	t.Helper()
	placed, err := tool("hold", "--origin", "kapok.test/node-0", "--upto", "3", "--by", "甲", "--reason", "案件一")
	if err != nil || !strings.HasPrefix(placed, "hold ") {
		t.Fatalf("%s %v", placed, err)
	}
	id := strings.Fields(placed)[1]
	if out, err := tool("holds"); err != nil || !strings.HasPrefix(out, id+"\tentries 0 to 2 of kapok.test/node-0\t") {
		t.Errorf("%s %v", out, err)
	}
	if out, err := tool("lift", "--hold", id, "--by", "乙", "--reason", "结案"); err != nil {
		t.Errorf("%s %v", out, err)
	}
	if out, err := tool("holds"); err != nil || out != "" {
		t.Errorf("%q %v", out, err)
	}
}

// witnessOverHTTP lets the real witness follow the running node, as another process
// with nothing but the bundle and the address.
func witnessOverHTTP(t *testing.T, address string, bundle []byte) {
	t.Helper()
	folder := t.TempDir()
	program := filepath.Join(folder, "kapok-verify")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "kapok/cmd/kapok-verify").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	trust := filepath.Join(folder, "bundle.json")
	if err := os.WriteFile(trust, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, added := range []string{`[1-9]\d* of them new`, "0 of them new"} {
		out, err := exec.CommandContext(t.Context(), program, "witness", "--bundle", trust, "--state", filepath.Join(folder, "witness"), "--name", "witness.test/1", "--once", address).CombinedOutput()
		if err != nil || !regexp.MustCompile(`cosigned "kapok.test/node-0": .* `+added).Match(out) {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
