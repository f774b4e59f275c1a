package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestDev runs the program that `make run` runs: the demonstration passes, an
// interrupt stops everything, and a second start finds the data again within 5 s.
func TestDev(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the programs")
	}
	programs := buildPrograms(t)
	data := t.TempDir()
	letOthersIn(t, data)
	first := runDev(t, programs, data)
	for _, shown := range []string{"TRUE 回执属实", "返回/持有 returned of held", "basis-ended", "被发现 found out",
		"离线验章", "presentation-used", "licence-abolished", "paper-demanded-again", "case-unknown", "case-closed", "policy-forbids", "双人发布", "uses whose case nobody could confirm", "each step stands in the citizen's ledger"} {
		if !strings.Contains(first, shown) {
			t.Errorf("the demonstration does not show %q:\n%s", shown, first)
		}
	}
	began := time.Now()
	second := runDev(t, programs, data)
	if took := time.Since(began); took > 30*time.Second { // demonstration and stop included; a busy machine is slow
		t.Errorf("the second run took %v", took)
	}
	if !strings.Contains(second, "TRUE 回执属实") || strings.Contains(second, "making a data folder") {
		t.Errorf("the second start did not keep the data:\n%s", second)
	}
}

func buildPrograms(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	build := exec.Command("go", "build", "-o", folder+"/", "kapok/cmd/kapok", "kapok/cmd/kapok-verify")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return folder
}

// letOthersIn opens the way to the data folder for the account that PostgreSQL runs
// as where this is root.
func letOthersIn(t *testing.T, folder string) {
	t.Helper()
	for ; folder != os.TempDir() && folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // a folder of this test alone
			t.Fatal(err)
		}
	}
}

// runDev starts a trial, waits until it is up, interrupts it, and returns what it
// printed.
func runDev(t *testing.T, programs, data string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	kapokAt, sandboxAt := freeAddress(t), freeAddress(t)
	command := exec.CommandContext(ctx, filepath.Join(programs, "kapok"), "dev", "--demo", "--data", data,
		"--listen", kapokAt, "--sandbox-listen", sandboxAt, "--sandbox", sandboxProgram,
		"--verify", filepath.Join(programs, "kapok-verify"))
	printed := &watched{until: "Ctrl-C stops everything", seen: make(chan struct{})}
	command.Stdout, command.Stderr = printed, printed
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case <-printed.seen:
	case err := <-ended:
		t.Fatalf("it ended: %v\n%s", err, printed.String())
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it did not stop cleanly: %v\n%s", err, printed.String())
	}
	for _, address := range []string{kapokAt, sandboxAt} {
		if connection, err := net.Dial("tcp", address); err == nil {
			_ = connection.Close()
			t.Errorf("somebody still listens at %s", address)
		}
	}
	return printed.String()
}

// watched keeps what is written and tells when a text has been.
type watched struct {
	until string
	seen  chan struct{}

	mu   sync.Mutex
	all  bytes.Buffer
	told bool
}

var _ io.Writer = (*watched)(nil)

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.all.Write(p)
	if !w.told && bytes.Contains(w.all.Bytes(), []byte(w.until)) {
		w.told = true
		close(w.seen)
	}
	return n, err
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}
