// Package vaulttest gives tests a real Vault with Kapok's engine, as
// deploy/vault/start.sh starts it for anybody; where Vault is not built yet, that
// takes some minutes once. It must not know what is tested with it.
package vaulttest

import (
	"context"
	"fmt"
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

// Server is one Vault of its own.
type Server struct {
	Address string
	dir     string
	port    int
	project string
	binary  string // the vault command

	mu     sync.Mutex
	stdin  io.Closer // the server ends when this does, so it cannot outlive the tests
	ended  chan error
	output *output
}

// output is what start.sh prints, for when it fails.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Open starts a Vault that keeps its data in dir; stop it with [Server.Stop].
func Open(dir string) (*Server, error) {
	server, err := newServer(dir)
	if err != nil {
		return nil, err
	}
	return server, server.Start()
}

func newServer(dir string) (*Server, error) {
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("vaulttest: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	project := filepath.Dir(strings.TrimSpace(string(module)))
	build := exec.Command(filepath.Join(project, "deploy", "vault", "build.sh"))
	build.Stderr = os.Stderr // says that it takes some minutes, when it does
	binary, err := build.Output()
	if err != nil {
		return nil, fmt.Errorf("vaulttest: build.sh: %w", err)
	}
	return &Server{
		Address: fmt.Sprintf("http://127.0.0.1:%d", port),
		dir:     dir, port: port, project: project, binary: strings.TrimSpace(string(binary)),
	}, nil
}

// freePort finds a port whose neighbour is free as well: Vault takes both.
func freePort() (int, error) {
	for range 20 {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		if err := first.Close(); err != nil {
			return 0, err
		}
		if err == nil {
			return port, second.Close()
		}
	}
	return 0, fmt.Errorf("vaulttest: no two free ports side by side")
}

// Start starts the server on its data and waits until it is ready.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	command := exec.Command(filepath.Join(s.project, "deploy", "vault", "start.sh"))
	command.Env = append(os.Environ(), "KAPOK_VAULT_DIR="+s.dir, fmt.Sprintf("KAPOK_VAULT_PORT=%d", s.port), "KAPOK_VAULT_STDIN=1")
	s.output = &output{}
	command.Stdout, command.Stderr = s.output, s.output
	stdin, err := command.StdinPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("vaulttest: %w", err)
	}
	s.stdin, s.ended = stdin, make(chan error, 1)
	go func() { s.ended <- command.Wait() }()
	return s.waitReady()
}

func (s *Server) waitReady() error {
	for {
		if _, err := os.Stat(filepath.Join(s.dir, "ready")); err == nil {
			return nil
		}
		select {
		case err := <-s.ended:
			return fmt.Errorf("vaulttest: start.sh ended: %v\n%s", err, s.output)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

const stopTimeout = 30 * time.Second

// Stop stops the server; its data stay.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stdin.Close(); err != nil {
		return fmt.Errorf("vaulttest: %w", err)
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(stopTimeout):
		return fmt.Errorf("vaulttest: Vault did not stop\n%s", s.output)
	}
}

// Command runs the vault command as root of this server and returns what it
// prints.
func (s *Server) Command(t testing.TB, args ...string) string {
	t.Helper()
	out, err := s.try(t.Context(), args...)
	if err != nil {
		t.Fatalf("vault %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (s *Server) try(ctx context.Context, args ...string) (string, error) {
	token, err := s.rootToken()
	if err != nil {
		return "", err
	}
	return s.runAs(ctx, token, append([]string{s.binary}, args...)...)
}

// Versions runs deploy/vault/versions.sh with the rights of token.
func (s *Server) Versions(t testing.TB, token string, args ...string) {
	t.Helper()
	if out, err := s.TryVersions(t, token, args...); err != nil {
		t.Fatalf("versions.sh %s: %v %s", strings.Join(args, " "), err, out)
	}
}

// TryVersions is [Server.Versions] where it may fail.
func (s *Server) TryVersions(t testing.TB, token string, args ...string) (string, error) {
	t.Helper()
	return s.runAs(t.Context(), token, append([]string{filepath.Join(s.project, "deploy", "vault", "versions.sh")}, args...)...)
}

func (s *Server) runAs(ctx context.Context, token string, words ...string) (string, error) {
	command := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // our own script or the vault command
	command.Env = append(os.Environ(), "VAULT="+s.binary, "VAULT_ADDR="+s.Address, "VAULT_TOKEN="+token)
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// RootToken returns the token that may do everything.
func (s *Server) RootToken(t testing.TB) string {
	t.Helper()
	token, err := s.rootToken()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (s *Server) rootToken() (string, error) {
	contents, err := os.ReadFile(filepath.Join(s.dir, "root-token"))
	return strings.TrimSpace(string(contents)), err
}

// Seal seals the server, as an operator would in an emergency.
func (s *Server) Seal(t testing.TB) { s.Command(t, "operator", "seal") }

// Unseal opens it again.
func (s *Server) Unseal(t testing.TB) {
	t.Helper()
	contents, err := os.ReadFile(filepath.Join(s.dir, "init"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(contents)) {
		if key, found := strings.CutPrefix(line, "Unseal Key 1: "); found {
			s.Command(t, "operator", "unseal", strings.TrimSpace(key))
		}
	}
	for range 200 {
		if _, err := s.try(t.Context(), "read", "sys/mounts"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("Vault did not become active after it was unsealed")
}

// Login makes an AppRole of its own with these policies and token lives, and
// returns its role id and secret id.
func (s *Server) Login(t testing.TB, name string, settings ...string) (role, secret string) {
	t.Helper()
	path := "auth/approle/role/" + name
	s.Command(t, append([]string{"write", path, "token_no_default_policy=true"}, settings...)...)
	return s.Command(t, "read", "-field=role_id", path+"/role-id"), s.Command(t, "write", "-f", "-field=secret_id", path+"/secret-id")
}
