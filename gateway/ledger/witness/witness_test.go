package witness_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/ledger/witness"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

const origin = "kapok.example.cn/a"

// district signs logs; two databases with its key are a fork.
type district struct {
	pinned  ledger.Bundle
	signing ledger.Signing
}

func newDistrict(t *testing.T) district {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rootKey, err := sm.GenerateKey()
	must(err)
	key, err := sm.GenerateKey()
	must(err)
	now := time.Now()
	root, err := pki.NewRoot(t.Context(), rootKey, "测试区根", now.Add(-time.Hour), now.Add(100*time.Hour))
	must(err)
	ca, err := pki.Parse(root)
	must(err)
	leaf, err := pki.Issue(t.Context(), ca, rootKey, pki.Request{Name: "节点甲", Usage: pki.Operational, From: now.Add(-time.Minute), To: now.Add(time.Hour), Public: key.Public()})
	must(err)
	return district{ledger.Bundle{Name: "测试区", Roots: [][]byte{root}}, ledger.Signing{Signer: key, Chain: [][]byte{leaf, root}}}
}

// branch is a log on a database of its own; it is a source.
type branch struct {
	*postgres.Ledger
	log *ledger.Log
}

func (d district) branch(t *testing.T) branch {
	t.Helper()
	store := pgtest.New(t).Ledger()
	log, err := ledger.Open(t.Context(), store, ledger.Options{Origin: origin, Node: "a", Signing: func() ledger.Signing { return d.signing }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close(context.Background()) })
	return branch{store, log}
}

func (b branch) grow(t *testing.T, entries int) branch {
	t.Helper()
	for range entries {
		if _, err := b.log.Append(t.Context(), ledger.Append{Entry: func(ledger.Found) ledger.Entry {
			return ledger.Entry{Kind: "trial", At: time.Now()}
		}}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b branch) Origins(context.Context) ([]string, error) { return []string{origin}, nil }

func (b branch) Since(ctx context.Context, origin string, size uint64) (ledger.Consistency, error) {
	return ledger.ProveConsistency(ctx, b.Ledger, origin, size, 0)
}

func open(t *testing.T, d district, folder string) *witness.Witness {
	t.Helper()
	w, err := witness.Open(witness.Options{
		Folder: folder, Name: "witness.example.cn/1", Pinned: d.pinned, Now: time.Now,
		Verifier: sm.NewVerifier(sm.VerifierOptions{Both: true}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func look(t *testing.T, w *witness.Witness, source witness.Source, size uint64) witness.Sight {
	t.Helper()
	sight, err := w.Look(t.Context(), source, origin)
	if err != nil || sight.Head.Size != size {
		t.Fatalf("size %d, want %d: %v", sight.Head.Size, size, err)
	}
	return sight
}

func TestWitnessFollowsAcrossRestarts(t *testing.T) {
	d, folder := newDistrict(t), t.TempDir()
	log := d.branch(t).grow(t, 3)
	w := open(t, d, folder)
	key := w.Key()
	if sight := look(t, w, log, 3); sight.Added != 3 {
		t.Errorf("%+v", sight)
	}
	look(t, w, log.grow(t, 300), 303)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = open(t, d, folder)
	sight := look(t, w, log.grow(t, 2), 305)
	if sight.Added != 2 || w.Key().String() != key.String() {
		t.Errorf("it forgot: %+v", sight)
	}
	published, err := os.ReadFile(filepath.Join(folder, "cosigned", "log-kapok.example.cn%2Fa.note"))
	if err != nil || string(published) != sight.Cosigned {
		t.Fatal(err)
	}
	signed, at, err := ledger.VerifyCosigned(sight.Cosigned, key, sm.NewVerifier(sm.VerifierOptions{Both: true}))
	if err != nil || time.Since(at) > time.Minute {
		t.Fatalf("%v %v", at, err)
	}
	if head, err := ledger.ParseCheckpoint(signed); err != nil || head != sight.Head {
		t.Error(err)
	}
}

// TestWitnessRefusesContradictions shows a witness that holds 5 entries another
// branch, signed by the same key.
func TestWitnessRefusesContradictions(t *testing.T) {
	d := newDistrict(t)
	honest := d.branch(t).grow(t, 5)
	for name, c := range map[string]struct {
		entries int
		want    error
		word    string
	}{
		"rollback":              {3, ledger.ErrRollback, "rollback"},
		"fork of the same size": {5, ledger.ErrFork, "fork"},
		"fork that is longer":   {9, ledger.ErrFork, "fork"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			w := open(t, d, folder)
			look(t, w, honest, 5)
			other := d.branch(t).grow(t, c.entries)
			_, err := w.Look(t.Context(), other, origin)
			contradiction, ok := errors.AsType[*witness.Contradiction](err)
			if !ok || !errors.Is(err, c.want) {
				t.Fatalf("%v", err)
			}
			checkEvidence(t, d, contradiction, c.word)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			w = open(t, d, folder) // it still holds what it held
			if _, err := w.Look(t.Context(), other, origin); !errors.Is(err, c.want) {
				t.Errorf("after a restart: %v", err)
			}
			look(t, w, honest, 5)
		})
	}
}

// checkEvidence shows the evidence to a third party, who has only the bundle.
func checkEvidence(t *testing.T, d district, c *witness.Contradiction, word string) {
	t.Helper()
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(c.Folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	proof, err := ledger.ParseConsistency([]byte(read("proof.json")))
	if err != nil {
		t.Fatal(err)
	}
	if read("held.note") != c.Held || read("shown.note") != c.Shown || c.Held == c.Shown {
		t.Error("the evidence is not the two checkpoints")
	}
	report := ledger.VerifyConsistency(c.Held, c.Shown, proof.Proof, proof.Keys, d.pinned, sm.NewVerifier(sm.VerifierOptions{Both: true}))
	if last := report.Steps[2]; report.Steps[0].Status != ledger.Pass || report.Steps[1].Status != ledger.Pass || !strings.HasPrefix(last.Why, word) {
		t.Errorf("%+v", report.Steps)
	}
}

// bent is a source that answers, and wrongly.
type bent struct {
	branch
	bend func(*ledger.Consistency)
}

func (b bent) Since(ctx context.Context, origin string, size uint64) (ledger.Consistency, error) {
	c, err := b.branch.Since(ctx, origin, size)
	b.bend(&c)
	return c, err
}

// TestWitnessAccusesNobodyWithoutProof: a source that answers wrongly is refused, and
// leaves no evidence against the log.
func TestWitnessAccusesNobodyWithoutProof(t *testing.T) {
	d, stranger, folder := newDistrict(t), newDistrict(t), t.TempDir()
	log, w := d.branch(t).grow(t, 3), open(t, d, folder)
	look(t, w, log, 3)
	log.grow(t, 4)
	elsewhere := stranger.branch(t).grow(t, 9)
	for name, source := range map[string]witness.Source{
		"another district":    elsewhere,
		"a size nobody asked": bent{log, func(c *ledger.Consistency) { c.From = 2 }},
		"no certificates":     bent{log, func(c *ledger.Consistency) { c.Keys = nil }},
		"a changed text":      bent{log, func(c *ledger.Consistency) { c.Checkpoint = strings.Replace(c.Checkpoint, "\n7\n", "\n8\n", 1) }},
		"nothing":             bent{log, func(c *ledger.Consistency) { *c = ledger.Consistency{} }},
	} {
		_, err := w.Look(t.Context(), source, origin)
		if _, accused := errors.AsType[*witness.Contradiction](err); err == nil || accused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Look(t.Context(), log, "kapok.example.cn/other"); err == nil {
		t.Error("another log's checkpoint")
	}
	if kept, err := os.ReadDir(filepath.Join(folder, "evidence")); err != nil || len(kept) != 0 {
		t.Errorf("%v %v", kept, err)
	}
	look(t, w, log, 7)
}

// TestWitnessRemembersBeforeItCosigns breaks each of the two folders in turn.
func TestWitnessRemembersBeforeItCosigns(t *testing.T) {
	d, folder := newDistrict(t), t.TempDir()
	log, w := d.branch(t).grow(t, 3), open(t, d, folder)
	look(t, w, log, 3)
	held, cosigned := filepath.Join(folder, "held"), filepath.Join(folder, "cosigned")
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	log.grow(t, 1)
	move(cosigned, cosigned+".away")
	if _, err := w.Look(t.Context(), log, origin); err == nil {
		t.Fatal("it cosigned into nowhere")
	}
	move(cosigned+".away", cosigned)
	if sight := look(t, w, log, 4); sight.Added != 0 {
		t.Errorf("it did not remember what it could not cosign: %+v", sight)
	}
	log.grow(t, 1)
	before, err := os.ReadFile(filepath.Join(cosigned, "log-kapok.example.cn%2Fa.note"))
	if err != nil {
		t.Fatal(err)
	}
	move(held, held+".away")
	if _, err := w.Look(t.Context(), log, origin); err == nil {
		t.Fatal("it went on without a memory")
	}
	if after, err := os.ReadFile(filepath.Join(cosigned, "log-kapok.example.cn%2Fa.note")); err != nil || string(after) != string(before) {
		t.Errorf("it cosigned what it could not remember: %v", err)
	}
}

// TestWitnessDamagedMemory: a damaged file decides nothing, and accuses nobody.
func TestWitnessDamagedMemory(t *testing.T) {
	d, folder := newDistrict(t), t.TempDir()
	log, w := d.branch(t).grow(t, 3), open(t, d, folder)
	look(t, w, log, 3)
	path := filepath.Join(folder, "held", "log-kapok.example.cn%2Fa.json")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log.grow(t, 1)
	for at := 0; at < len(whole); at += 7 {
		changed := []byte(string(whole))
		changed[at] ^= 1
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := w.Look(t.Context(), log, origin)
		if _, accused := errors.AsType[*witness.Contradiction](err); err == nil || accused {
			t.Errorf("byte %d changed: %v", at, err)
		}
	}
}

func TestWitnessIdentity(t *testing.T) {
	d, folder := newDistrict(t), t.TempDir()
	options := witness.Options{Folder: folder, Pinned: d.pinned, Now: time.Now}
	for _, name := range []string{"", "a name", "a+b"} {
		options.Name = name
		if _, err := witness.Open(options); err == nil {
			t.Errorf("a witness of the name %q", name)
		}
	}
	w := open(t, d, folder)
	path := filepath.Join(folder, "witness.key")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if _, err := witness.Open(options); err == nil {
		t.Error("two witnesses in one folder")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	options.Name = "witness.example.cn/2"
	if _, err := witness.Open(options); err == nil {
		t.Error("another name for the same key")
	}
	options.Name = ""
	again, err := witness.Open(options)
	if err != nil || again.Key().Name != "witness.example.cn/1" {
		t.Fatal(err)
	}
	if err := errors.Join(again.Close(), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.Open(options); err == nil {
		t.Error("a key that others can read")
	}
}
