package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"explode"}, {"serve", "word"}, {"serve", "--cipher", "rot13", "--address", "127.0.0.1:0"}, {"serve", "--citizens", "1000000000", "--address", "127.0.0.1:0"}} {
		if err := realMain(t.Context(), args, &bytes.Buffer{}); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

func TestKeysAreListed(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	if err := realMain(t.Context(), []string{"keys", "--dir", dir}, &out); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		system, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if _, err := os.Stat(file); err != nil || filepath.Base(file) != system+".jwk.json" {
			t.Errorf("%q: %v", line, err)
		}
	}
	if strings.Count(out.String(), "\n") != 3 {
		t.Errorf("it printed %q", out.String())
	}
}

// The sandbox ends with its parent, also where the parent is killed and can say
// nothing: a shell starts it, tells its address, and dies.
func TestEndsWithItsParent(t *testing.T) {
	program := filepath.Join(t.TempDir(), "kapok-sandbox")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	shell := exec.Command("sh", "-c", `"$0" serve --address 127.0.0.1:0 --parent-dies & wait`, program)
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	alive := strings.TrimSpace(address) + "/_sandbox/alive"
	if !answers(alive) {
		t.Fatal("it does not answer")
	}
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if !answers(alive) {
			return
		}
	}
	t.Error("it lives on after its parent")
}

func answers(address string) bool {
	res, err := (&http.Client{Timeout: time.Second}).Get(address)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusNoContent
}
