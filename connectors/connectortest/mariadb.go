package connectortest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// MariaDB is a private server without TCP.
type MariaDB struct {
	Socket string // a file; root gets in by it without a password
}

// lean makes the server start in about a second: nothing in it outlives the test.
var lean = []string{
	"--no-defaults", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0",
	"--innodb-doublewrite=OFF", "--innodb-flush-method=nosync", "--skip-log-bin", "--performance-schema=OFF",
}

// leaveWhenAlone ends the server with this process, however that ends: its input closes.
const leaveWhenAlone = `"$@" & server=$!; cat >/dev/null; kill "$server" 2>/dev/null; wait "$server"`

// StartMariaDB runs a private MariaDB until the test ends. Where there is none, the
// test fails in CI and is skipped elsewhere, saying what to install.
func StartMariaDB(t testing.TB) MariaDB {
	t.Helper()
	server, install := program("mariadbd", "/usr/sbin/mariadbd"), program("mariadb-install-db", "/usr/bin/mariadb-install-db")
	if server == "" || install == "" {
		absent(t, "MariaDB is missing: apt-get install mariadb-server (deploy/setup.sh does)")
	}
	dir := ownFolder(t)
	as := serverAccount(t, dir)
	data, socket := filepath.Join(dir, "data"), filepath.Join(dir, "s")
	fill := exec.Command(install, append(lean, "--datadir="+data, "--skip-test-db", "--auth-root-authentication-method=normal")...)
	fill.SysProcAttr, fill.Dir = as, dir
	if out, err := fill.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	run := exec.Command("sh", append([]string{"-c", leaveWhenAlone, "sh", server}, append(lean, "--datadir="+data, "--socket="+socket, "--skip-networking", "--pid-file="+filepath.Join(dir, "pid"))...)...)
	run.SysProcAttr, run.Dir = as, dir
	var said bytes.Buffer
	run.Stderr = &said
	alive, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { endServer(t, run, alive) })
	waitFor(t, socket, &said)
	return MariaDB{Socket: socket}
}

// ownFolder is in /tmp: the way there is short, as a socket's must be, and open to the
// server's account.
func ownFolder(t testing.TB) string {
	dir, err := os.MkdirTemp("/tmp", "kapok-mariadb-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// serverAccount is whom the server runs as: this user, or mysql or nobody for root,
// whom MariaDB refuses.
func serverAccount(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"mysql", "nobody"} {
		known, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(known.Uid)
		gid, gidErr := strconv.Atoi(known.Gid)
		if uidErr != nil || gidErr != nil || os.Chown(dir, uid, gid) != nil {
			continue
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	t.Fatal("MariaDB does not run as root, and there is neither a user mysql nor a user nobody")
	return nil
}

func endServer(t testing.TB, run *exec.Cmd, alive io.Closer) {
	_ = alive.Close()
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("MariaDB did not stop within 20 s", run.Process.Kill())
	}
}

func waitFor(t testing.TB, socket string, said fmt.Stringer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if _, err := os.Stat(socket); err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("MariaDB did not start within a minute\n%s", said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func program(name, usual string) string {
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	if _, err := os.Stat(usual); err == nil {
		return usual
	}
	return ""
}

// absent ends a test for which the machine lacks something: a failure in CI, where it
// has to be there.
func absent(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}
