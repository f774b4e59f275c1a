package connectortest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Sandbox is a running kapok-sandbox.
type Sandbox struct{ URL string }

// Fault is an order to the sandbox for the next calls of an interface.
type Fault struct {
	SID     string `json:"sid"`
	Kind    string `json:"kind"`
	Count   int    `json:"count"`
	DelayMS int    `json:"delay_ms"`
}

// Counts is how often the sandbox's platform was asked.
type Counts struct {
	KeyExchanges int `json:"key_exchanges"`
	Calls        int `json:"calls"`
	Refusals     int `json:"refusals"`
}

// Citizen is one of the sandbox's made-up people.
type Citizen struct {
	IDNumber string `json:"id_number"`
	Name     string `json:"name"`
}

// programVariable names a kapok-sandbox that is built already.
const programVariable = "KAPOK_SANDBOX"

// Main builds kapok-sandbox once for all tests of a package: call it from
// TestMain. Without it, each [StartSandbox] builds its own.
func Main(m *testing.M) {
	dir, err := os.MkdirTemp("", "kapok-sandbox-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	program, err := build(dir)
	if err != nil {
		panic(err)
	}
	if err := os.Setenv(programVariable, program); err != nil {
		panic(err)
	}
	m.Run()
}

func build(dir string) (string, error) {
	program := filepath.Join(dir, "kapok-sandbox")
	if out, err := exec.Command("go", "build", "-o", program, "kapok/cmd/kapok-sandbox").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building kapok-sandbox: %w\n%s", err, out)
	}
	return program, nil
}

// StartSandbox runs kapok-sandbox on a free port until the test ends. flags are
// those of its command serve.
func StartSandbox(t testing.TB, flags ...string) Sandbox {
	t.Helper()
	program := os.Getenv(programVariable)
	if program == "" {
		built, err := build(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		program = built
	}
	cmd := exec.Command(program, append([]string{"serve", "--address", "127.0.0.1:0", "--parent-dies"}, flags...)...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, cmd) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("kapok-sandbox did not start: %v\n%s", err, &complaints)
	}
	return Sandbox{URL: strings.TrimSpace(line)}
}

// stop ends the sandbox as Kapok's trial does.
func stop(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- cmd.Wait() }()
	select {
	case err := <-stopped:
		if err != nil {
			t.Errorf("kapok-sandbox stopped with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("kapok-sandbox did not stop within 5 s", cmd.Process.Kill())
	}
}

// Order asks for a fault.
func (s Sandbox) Order(t testing.TB, fault Fault) {
	t.Helper()
	body, err := json.Marshal(fault)
	if err != nil {
		t.Fatal(err)
	}
	s.send(t, http.MethodPost, "/_sandbox/faults", body, nil)
}

// Cancel takes back all faults that are still due.
func (s Sandbox) Cancel(t testing.TB) {
	t.Helper()
	s.send(t, http.MethodDelete, "/_sandbox/faults", nil, nil)
}

// Counts reads how often the platform was asked so far.
func (s Sandbox) Counts(t testing.TB) Counts {
	t.Helper()
	var counts Counts
	s.send(t, http.MethodGet, "/_sandbox/counts", nil, &counts)
	return counts
}

// SFTP says where the sandbox's SFTP server is, started by its flag --sftp, and which
// key it has.
func (s Sandbox) SFTP(t testing.TB) (address, hostKey string) {
	t.Helper()
	var server struct {
		Address string `json:"address"`
		HostKey string `json:"host_key"`
	}
	s.send(t, http.MethodGet, "/_sandbox/sftp", nil, &server)
	return server.Address, server.HostKey
}

// Citizens lists the first of the made-up people.
func (s Sandbox) Citizens(t testing.TB) []Citizen {
	t.Helper()
	var citizens []Citizen
	s.send(t, http.MethodGet, "/_sandbox/citizens", nil, &citizens)
	return citizens
}

func (s Sandbox) send(t testing.TB, method, path string, body []byte, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s: status %d", method, path, res.StatusCode)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}
