package keys_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/crypto/keys"
	"kapok/crypto/pki"
	"kapok/gateway"
)

var passphrase = []byte("correct horse battery")

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func openFile(t testing.TB, dir string) *keys.File {
	t.Helper()
	file, err := keys.OpenFile(dir, passphrase, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFileKeysSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	first, second := openFile(t, dir), openFile(t, dir)
	if !bytes.Equal(first.Root(), second.Root()) {
		t.Error("the root changed")
	}
	wrapped, key, err := first.Persons().Create(keys.SafeKey, "ref")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := key.Seal([]byte("data"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := second.Persons().Open(t.Context(), keys.SafeKey, "ref", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := again.Open(sealed, []byte("place")); err != nil || string(opened) != "data" {
		t.Errorf("%q, %v", opened, err)
	}
	info, err := os.Stat(filepath.Join(dir, "keys.sealed"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestFileSaysThatItIsForTrials(t *testing.T) {
	var log bytes.Buffer
	if _, err := keys.OpenFile(t.TempDir(), passphrase, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "trials only") {
		t.Errorf("log: %s", log.String())
	}
}

func TestFileRefuses(t *testing.T) {
	dir := t.TempDir()
	openFile(t, dir)
	path := filepath.Join(dir, "keys.sealed")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.OpenFile(dir, []byte("another passphrase"), quiet()); !errors.Is(err, keys.ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	if _, err := keys.OpenFile(dir, []byte("short"), quiet()); err == nil {
		t.Error("a short passphrase was taken")
	}
	cases := map[string][]byte{
		"cut":            whole[:len(whole)/2],
		"cheaper cost":   bytes.Replace(whole, []byte(`"argon2id_passes": 3`), []byte(`"argon2id_passes": 1`), 1),
		"ruinous memory": bytes.Replace(whole, []byte(`"argon2id_memory_kib": 65536`), []byte(`"argon2id_memory_kib": 4194304000`), 1),
		"unknown field":  bytes.Replace(whole, []byte(`"v": 1`), []byte(`"v": 1, "w": 2`), 1),
		"other layout":   bytes.Replace(whole, []byte(`"v": 1`), []byte(`"v": 2`), 1),
	}
	for name, contents := range cases {
		if bytes.Equal(contents, whole) {
			t.Fatalf("%s: nothing was changed", name)
		}
		write(t, path, contents)
		if _, err := keys.OpenFile(dir, passphrase, quiet()); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	write(t, path, whole)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.OpenFile(dir, passphrase, quiet()); err == nil {
		t.Error("a file open to others was taken")
	}
}

func write(t *testing.T, path string, contents []byte) {
	t.Helper()
	if err := os.WriteFile(path, contents, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTwoProcessesMakeOneFile(t *testing.T) {
	dir := t.TempDir()
	roots := make([][]byte, 4)
	var group sync.WaitGroup
	for i := range roots {
		group.Go(func() {
			file, err := keys.OpenFile(dir, passphrase, quiet())
			if err != nil {
				t.Error(err)
				return
			}
			roots[i] = file.Root()
		})
	}
	group.Wait()
	for _, root := range roots {
		if !bytes.Equal(root, roots[0]) {
			t.Error("two processes hold different roots")
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFileSecrets(t *testing.T) {
	dir := t.TempDir()
	file := openFile(t, dir)
	if err := file.PutSecret("national/appkey", []byte("value")); err != nil {
		t.Fatal(err)
	}
	if value, err := openFile(t, dir).Secret(t.Context(), "national/appkey"); err != nil || value != "value" {
		t.Errorf("%q, %v", value, err)
	}
	if _, err := file.Secret(t.Context(), "none"); gateway.AsError(err).Code != "secret-not-found" {
		t.Errorf("%v", err)
	}
	contents, err := os.ReadFile(filepath.Join(dir, "keys.sealed"))
	if err != nil || bytes.Contains(contents, []byte("appkey")) {
		t.Errorf("a secret's name stands in the open: %v", err)
	}
}

func TestFileCertifiesForAtMostADay(t *testing.T) {
	file, key := openFile(t, t.TempDir()), newKey(t)
	chain, err := file.Certify(t.Context(), key, "node", 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := pki.Parse(chain[0])
	if err != nil || leaf.NotAfter.Sub(leaf.NotBefore) > 24*time.Hour {
		t.Errorf("life %v, %v", leaf.NotAfter.Sub(leaf.NotBefore), err)
	}
	if _, err := file.Certify(t.Context(), key, "node", 25*time.Hour); err == nil {
		t.Error("certified for more than a day")
	}
}

// FuzzKeyFile: no key file makes opening panic or take memory without bounds.
func FuzzKeyFile(f *testing.F) {
	dir := f.TempDir()
	openFile(f, dir)
	whole, err := os.ReadFile(filepath.Join(dir, "keys.sealed"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"kind":"kapok-keys","v":1}`))
	f.Fuzz(func(t *testing.T, contents []byte) { keys.ParseSealedForTest(contents) })
}
