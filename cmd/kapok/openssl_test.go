package main

import (
	"bytes"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kapok/gateway/postgres"
)

// TestClientOfOpenSSL: a client that shares no line with Kapok (OpenSSL, curl, the
// shell) enrols a key, obtains a token, makes a signed call that is accepted, and
// verifies the answer's signature and its certificates.
func TestClientOfOpenSSL(t *testing.T) {
	w := newWorldAt(t, 1, "http://"+freeAddress(t))
	script, err := filepath.Abs(filepath.Join("..", "..", "deploy", "examples", "exchange.sh"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	root := filepath.Join(folder, "root.pem")
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.nodes[0].keyring.Root()})
	if err := os.WriteFile(root, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(basisID string, words ...string) (stdout, stderr string, err error) {
		command := exec.Command(script, words...)
		command.Dir = folder
		command.Env = append(os.Environ(), "KAPOK_URL="+w.public, "SYSTEM_ID="+dibao, "ROOT="+root, "BASIS_ID="+basisID)
		var out, said bytes.Buffer
		command.Stdout, command.Stderr = &out, &said
		err = command.Run()
		return out.String(), said.String(), err
	}

	jwk, said, err := run("", "key")
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	enrolFile(t, w, dibao, []byte(jwk))
	basisID := w.statutory("name", "household_address", "relation_to_head", "household_size", "state")
	answer, said, err := run(basisID)
	if err != nil || !strings.Contains(answer, `"receipt"`) || !strings.Contains(said, "Verified") {
		t.Fatalf("%v: %s\n%s", err, answer, said)
	}
	refused, _, err := run(strings.Repeat("0", 32))
	if err == nil || !strings.Contains(refused, "basis-missing") {
		t.Errorf("a basis that does not exist: %v: %s", err, refused)
	}
}

func enrolFile(t *testing.T, w *world, system string, jwk []byte) postgres.Enrolment {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.jwk.json")
	if err := os.WriteFile(path, jwk, 0o600); err != nil {
		t.Fatal(err)
	}
	enrolment, err := readEnrolment(w.nodes[0].exchange.Catalog(), system, path)
	if err != nil {
		t.Fatal(err)
	}
	enrolment.From = enrolment.From.Add(-time.Minute) // so that a test may sign in the past
	if _, _, err := w.nodes[0].database.EnrolKey(t.Context(), enrolment); err != nil {
		t.Fatal(err)
	}
	return enrolment
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
