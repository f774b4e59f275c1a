package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kapok-verify": main})
}

// trial is what a real log made on a real database, and whom it trusts.
type trial struct {
	receipt, bundle, stranger []byte

	same, later, continues []byte // receipts that its checkpoint, and a later one, was sealed again; the proof that leads there
}

const origin = "kapok.example.cn/a"

// node writes a log on a database of its own; two with one key are a fork.
type node struct {
	store *postgres.Ledger
	log   *ledger.Log
}

func newNode(t *testing.T, signing ledger.Signing) node {
	t.Helper()
	store := pgtest.New(t).Ledger()
	log, err := ledger.Open(t.Context(), store, ledger.Options{Origin: origin, Node: "a", Signing: func() ledger.Signing { return signing }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close(context.Background()) })
	return node{store, log}
}

func (n node) grow(t *testing.T, entries int) (last ledger.Sealed) {
	t.Helper()
	for range entries {
		var err error
		last, err = n.log.Append(t.Context(), ledger.Append{Subject: "0123456789abcdef0123456789abcdef", Entry: func(ledger.Found) ledger.Entry {
			return ledger.Entry{Kind: "outcome", Ref: "00112233445566778899aabbccddeeff", At: time.Now(), Fields: []ledger.Field{
				{Name: "system", Value: "sys-hall"}, {Name: "returned", Value: "姓名,\x1b[2J缴费状态"},
			}}
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return last
}

func (n node) export(t *testing.T, size uint64, folder string) {
	t.Helper()
	if err := ledger.Export(t.Context(), n.store, ledger.Range{Origin: origin, Size: size}, folder); err != nil {
		t.Fatal(err)
	}
}

func pin(root []byte) []byte { return ledger.Bundle{Name: "测试区", Roots: [][]byte{root}}.Encode() }

func newTrial(t *testing.T) trial {
	t.Helper()
	root, signing := district(t)
	other, _ := district(t)
	n := newNode(t, signing)
	sealed := n.grow(t, 3)
	receipt, err := sealed.Receipt(func(name string) bool { return name != ledger.SubjectField })
	if err != nil {
		t.Fatal(err)
	}
	head := n.grow(t, 2)
	proof, err := ledger.ProveConsistency(t.Context(), n.store, origin, sealed.Size, head.Size)
	if err != nil {
		t.Fatal(err)
	}
	return trial{receipt, pin(root), pin(other), n.reseal(t, sealed.Checkpoint), n.reseal(t, head.Checkpoint), proof.Encode()}
}

// reseal is the receipt of an entry that commits to a checkpoint.
func (n node) reseal(t *testing.T, note string) []byte {
	t.Helper()
	digest := sm.Sum([]byte(note))
	sealed, err := n.log.Append(t.Context(), ledger.Append{Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: ledger.ResealKind, At: time.Now(), Fields: []ledger.Field{{Name: "checkpoint", Value: hex.EncodeToString(digest[:])}}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := sealed.Receipt(nil)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// writeLogs makes a log as it grew from 5 to 9 entries, with its proof, and two
// other ones of the same name and key that contradict it; a server shows the first
// and the third.
func writeLogs(t *testing.T, folder string) (address string) {
	t.Helper()
	root, signing := district(t)
	honest, longer, shorter := newNode(t, signing), newNode(t, signing), newNode(t, signing)
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("logs-bundle.json", pin(root))
	write("old.checkpoint", []byte(honest.grow(t, 5).Checkpoint))
	honest.export(t, 5, filepath.Join(folder, "log5"))
	write("new.checkpoint", []byte(honest.grow(t, 4).Checkpoint))
	honest.export(t, 9, filepath.Join(folder, "log9"))
	proof, err := ledger.ProveConsistency(t.Context(), honest.store, origin, 5, 0)
	if err != nil {
		t.Fatal(err)
	}
	write("proof.json", proof.Encode())
	write("forked.checkpoint", []byte(longer.grow(t, 12).Checkpoint))
	longer.export(t, 12, filepath.Join(folder, "forked12"))
	shorter.grow(t, 2)
	shorter.export(t, 2, filepath.Join(folder, "short2"))
	mux := http.NewServeMux()
	mux.Handle("/honest/", http.StripPrefix("/honest", shows(honest.store)))
	mux.Handle("/forked/", http.StripPrefix("/forked", shows(longer.store)))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// shows speaks as Kapok's API does to a witness.
func shows(store *postgres.Ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/ledger/checkpoints", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"checkpoints":[{"origin":"`+origin+`","size":1,"note":""}]}`)
	})
	mux.HandleFunc("GET /v1/ledger/consistency", func(w http.ResponseWriter, r *http.Request) {
		from, err := strconv.ParseUint(r.FormValue("from"), 10, 64)
		if err != nil {
			http.Error(w, "from", http.StatusBadRequest)
			return
		}
		proved, err := ledger.ProveConsistency(r.Context(), store, r.FormValue("origin"), from, 0)
		if err != nil {
			http.Error(w, "none", http.StatusNotFound)
			return
		}
		_, _ = w.Write(proved.Encode())
	})
	return mux
}

func district(t *testing.T) (root []byte, signing ledger.Signing) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	rootKey, err := sm.GenerateKey()
	must(err)
	key, err := sm.GenerateKey()
	must(err)
	now := time.Now()
	root, err = pki.NewRoot(t.Context(), rootKey, "测试区根", now.Add(-time.Hour), now.Add(100*time.Hour))
	must(err)
	ca, err := pki.Parse(root)
	must(err)
	leaf, err := pki.Issue(t.Context(), ca, rootKey, pki.Request{Name: "节点甲", Usage: pki.Operational, From: now.Add(-time.Minute), To: now.Add(time.Hour), Public: key.Public()})
	must(err)
	return root, ledger.Signing{Signer: key, Chain: [][]byte{leaf, root}}
}

func TestScripts(t *testing.T) {
	made, logs := newTrial(t), t.TempDir()
	address := writeLogs(t, logs)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			if err := os.CopyFS(env.WorkDir, os.DirFS(logs)); err != nil {
				return err
			}
			if err := os.CopyFS(filepath.Join(env.WorkDir, "fixtures"), os.DirFS(filepath.Join("..", "..", "gateway", "licence", "verify", "testdata", "fixtures"))); err != nil {
				return err
			}
			env.Setenv("KAPOK", address)
			for name, content := range map[string][]byte{
				"receipt.json": made.receipt, "kapok-bundle.json": made.bundle, "stranger.json": made.stranger,
				"receipt-line.json": append(bytes.Clone(made.receipt), '\n'),
				"same.json":         append(bytes.Clone(made.same), '\n'), "later.json": made.later,
				"continues.json": append(bytes.Clone(made.continues), '\n'),
			} {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), content, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"flipbyte": flipByte},
	})
}

// flipByte changes one byte of a file, counted from its start or, negative, its end.
func flipByte(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: flipbyte FILE POSITION")
	}
	raw := []byte(ts.ReadFile(args[0]))
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(raw)
	}
	raw[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o600))
}

// TestEveryTenthByte runs the whole command over changed receipts; every byte is
// tried beside the verification itself.
func TestEveryTenthByte(t *testing.T) {
	made := newTrial(t)
	folder := t.TempDir()
	trust, changed := filepath.Join(folder, "bundle.json"), filepath.Join(folder, "receipt.json")
	if err := os.WriteFile(trust, made.bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(made.receipt); at += 10 {
		raw := bytes.Clone(made.receipt)
		raw[at] ^= 1
		if err := os.WriteFile(changed, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		var out, complaints bytes.Buffer
		if code := run(t.Context(), []string{"receipt", "--bundle", trust, changed}, terminal{out: &out}, &complaints); code != exitFalse {
			t.Errorf("byte %d changed: exit %d\n%s%s", at, code, out.String(), complaints.String())
		}
	}
}

// TestEveryByteOfAnExport runs the whole command over a changed export: each third
// byte of every file.
func TestEveryByteOfAnExport(t *testing.T) {
	folder := t.TempDir()
	writeLogs(t, folder)
	log, trust := filepath.Join(folder, "log5"), filepath.Join(folder, "logs-bundle.json")
	tried := 0
	err := filepath.WalkDir(log, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for at := 0; at < len(whole); at += 3 {
			raw := bytes.Clone(whole)
			raw[at] ^= 4
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				return err
			}
			var out, complaints bytes.Buffer
			tried++
			if code := run(t.Context(), []string{"log", "--bundle", trust, log}, terminal{out: &out}, &complaints); code != exitFalse {
				t.Errorf("%s, byte %d changed: exit %d\n%s%s", path, at, code, out.String(), complaints.String())
			}
		}
		return os.WriteFile(path, whole, 0o600)
	})
	if err != nil || tried < 500 {
		t.Fatal(tried, err)
	}
}
