package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"kapok/crypto/keys"
	"kapok/crypto/keys/vaulttest"
)

// TestBenchIssue issues and seals KAPOK_BENCH_ISSUE licences in bulk, with the seal's key
// in a real Vault, durable and in the ledger, and says how many a second; `make
// bench-issue` runs it. Without the variable it issues nothing.
func TestBenchIssue(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("KAPOK_BENCH_ISSUE"))
	if err != nil || count < 1 || count > 5000 {
		t.Skip("KAPOK_BENCH_ISSUE says how many, at most 5000")
	}
	folder := t.TempDir()
	server, err := vaulttest.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	for name, value := range trialSecrets() {
		server.Command(t, "kv", "put", "-mount=kapok", "connectors/"+name, "value="+value)
	}
	log := newLog(io.Discard)
	ring, err := keys.OpenVault(t.Context(), keys.VaultConfig{
		Address: server.Address, RoleID: keys.FromFile(filepath.Join(folder, "role-id")), SecretID: keys.FromFile(filepath.Join(folder, "secret-id")), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, 0)
	n, err := startNode(t.Context(), w.config("bench"), ring, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.stop(context.Background()) })
	drafts := manyDrafts(w, count)
	opening := time.Now()
	opened, err := n.licences.OpenBatch(t.Context(), minzheng, drafts)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := n.licences.RunBatch(t.Context(), opened); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	done, err := n.licences.BatchOf(t.Context(), minzheng, opened.ID)
	if err != nil || done.Issued != count {
		t.Fatalf("%d of %d issued, %v", done.Issued, count, err)
	}
	t.Logf("checked and kept in %v; issued, sealed, durable: %.0f licences/s (the aim is 1,000/s on two cores)", began.Sub(opening).Round(time.Millisecond), float64(count)/took.Seconds())
}
