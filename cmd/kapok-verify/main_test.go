package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kapok-verify": main})
}

// trial is a receipt that a real log made on a real database, and whom it trusts.
type trial struct{ receipt, bundle, stranger []byte }

func newTrial(t *testing.T) trial {
	t.Helper()
	root, signing := district(t)
	other, _ := district(t)
	log, err := ledger.Open(t.Context(), pgtest.New(t).Ledger(), ledger.Options{
		Origin: "kapok.example.cn/a", Node: "a", Signing: func() ledger.Signing { return signing },
	})
	if err != nil {
		t.Fatal(err)
	}
	var sealed ledger.Sealed
	for range 3 {
		sealed, err = log.Append(t.Context(), ledger.Append{Subject: "0123456789abcdef0123456789abcdef", Entry: func(ledger.Found) ledger.Entry {
			return ledger.Entry{Kind: "outcome", Ref: "00112233445566778899aabbccddeeff", At: time.Now(), Fields: []ledger.Field{
				{Name: "system", Value: "sys-hall"}, {Name: "returned", Value: "姓名,\x1b[2J缴费状态"},
			}}
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	receipt, err := sealed.Receipt(func(name string) bool { return name != ledger.SubjectField })
	if err != nil {
		t.Fatal(err)
	}
	pin := func(root []byte) []byte { return ledger.Bundle{Name: "测试区", Roots: [][]byte{root}}.Encode() }
	return trial{receipt, pin(root), pin(other)}
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
	made := newTrial(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			for name, content := range map[string][]byte{
				"receipt.json": made.receipt, "kapok-bundle.json": made.bundle, "stranger.json": made.stranger,
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
	pinned, changed := filepath.Join(folder, "bundle.json"), filepath.Join(folder, "receipt.json")
	if err := os.WriteFile(pinned, made.bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(made.receipt); at += 10 {
		raw := bytes.Clone(made.receipt)
		raw[at] ^= 1
		if err := os.WriteFile(changed, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		var out, complaints bytes.Buffer
		if code := run([]string{"receipt", "--bundle", pinned, changed}, nil, &out, &complaints); code != exitFalse {
			t.Errorf("byte %d changed: exit %d\n%s%s", at, code, out.String(), complaints.String())
		}
	}
}
