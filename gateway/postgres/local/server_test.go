package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/postgres/local"
)

// helperDir makes this test binary a program that starts a server and waits, so that
// a test can kill it.
const helperDir = "KAPOK_LOCAL_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		startAndWait(dir)
	}
	os.Exit(m.Run())
}

func startAndWait(dir string) {
	server, err := local.Start(context.Background(), local.Options{Dir: dir, Temporary: os.Getenv("KAPOK_LOCAL_TEST_TEMPORARY") != ""})
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println(server.PID())
	fmt.Println(server.DSN())
	select {}
}

// folder is a folder that the server's account can reach; t.TempDir is closed to it
// when the tests run as root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "kapok-local-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "postgres")
}

func start(t *testing.T, dir string) *local.Server {
	t.Helper()
	server, err := local.Start(t.Context(), local.Options{Dir: dir, Progress: func(step string) { t.Log(step) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, server *local.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func query[T any](t *testing.T, dsn, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	value, err := pgx.CollectOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestDataStaysBetweenStarts(t *testing.T) {
	dir := folder(t)
	began := time.Now()
	first := start(t, dir)
	t.Logf("first start: %v", time.Since(began))
	execute(t, first.DSN(), "create table kept as select 42 as n")
	stop(t, first)

	began = time.Now()
	second := start(t, dir)
	took := time.Since(began)
	t.Logf("second start: %v", took)
	if took > 5*time.Second {
		t.Errorf("a warm start took %v", took)
	}
	if n := query[int](t, second.DSN(), "select n from kept"); n != 42 {
		t.Errorf("read %d, want 42", n)
	}
}

func TestSettingsKeepWhatIsCommitted(t *testing.T) {
	server := start(t, folder(t))
	want := map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": "",
		"log_statement": "none", "log_error_verbosity": "terse", "data_checksums": "on", "server_encoding": "UTF8",
	}
	for name, value := range want {
		if got := query[string](t, server.DSN(), "show "+name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

func TestSocketFolderIsClosedAndShort(t *testing.T) {
	deep := filepath.Join(folder(t), strings.Repeat("a-long-name/", 12), "postgres")
	for name, dir := range map[string]string{"short": folder(t), "long": deep} {
		t.Run(name, func(t *testing.T) {
			server := start(t, dir)
			sockets := query[string](t, server.DSN(), "show unix_socket_directories")
			info, err := os.Stat(sockets)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o700 {
				t.Errorf("the socket's folder has mode %v", info.Mode())
			}
			if path := filepath.Join(sockets, ".s.PGSQL.5432"); len(path) > 103 {
				t.Errorf("the socket's path has %d bytes", len(path))
			}
			stop(t, server)
			if _, err := os.Stat(sockets); name == "long" && !os.IsNotExist(err) {
				t.Errorf("the short folder stayed: %v", err)
			}
		})
	}
}

func TestOtherMajorVersionIsRefusedAndKept(t *testing.T) {
	dir := folder(t)
	stop(t, start(t, dir))
	version := filepath.Join(dir, "data", "PG_VERSION")
	if err := os.WriteFile(version, []byte("9999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := local.Start(t.Context(), local.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "written by PostgreSQL 9999") || !strings.Contains(err.Error(), "install") {
		t.Errorf("error: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "global", "pg_control")); err != nil {
		t.Errorf("the data is gone: %v", err)
	}
}

func TestForeignFolderIsRefusedAndKept(t *testing.T) {
	dir := folder(t)
	letter := filepath.Join(dir, "data", "letter.txt")
	if err := os.MkdirAll(filepath.Dir(letter), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(letter, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := local.Start(t.Context(), local.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "did not write it") {
		t.Errorf("error: %v", err)
	}
	if _, err := os.Stat(letter); err != nil {
		t.Error(err)
	}
}

func TestInitialisationCutShortIsRepeated(t *testing.T) {
	dir := folder(t)
	rest := filepath.Join(dir, "data.unfinished", "base")
	if err := os.MkdirAll(rest, 0o700); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
}

func TestSecondServerOnOneFolderIsRefused(t *testing.T) {
	dir := folder(t)
	first := start(t, dir)
	_, err := local.Start(t.Context(), local.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint("process ", first.PID())) {
		t.Errorf("error: %v", err)
	}
	if n := query[int](t, first.DSN(), "select 1"); n != 1 {
		t.Error("the first server does not answer any more")
	}
}

func TestCrashedServerStartsAgain(t *testing.T) {
	dir := folder(t)
	first := start(t, dir)
	execute(t, first.DSN(), "create table kept as select 42 as n")
	if err := syscall.Kill(first.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Ended()
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); err != nil {
		t.Fatalf("this test wants a stale postmaster.pid: %v", err)
	}
	second := start(t, dir)
	if n := query[int](t, second.DSN(), "select n from kept"); n != 42 {
		t.Errorf("read %d, want 42", n)
	}
}

// TestStartWaitsForOrphans: children that outlive a killed server for a moment hold
// its shared memory; the next start waits for them.
func TestStartWaitsForOrphans(t *testing.T) {
	dir := folder(t)
	first := start(t, dir)
	children := childrenOf(t, first.PID())
	t.Cleanup(func() { signalAll(children, syscall.SIGCONT) })
	signalAll(children, syscall.SIGSTOP)
	if err := syscall.Kill(first.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Ended()
	go func() {
		time.Sleep(time.Second)
		signalAll(children, syscall.SIGCONT)
	}()
	began := time.Now()
	start(t, dir)
	if time.Since(began) < time.Second/2 {
		t.Error("the second server did not wait; the children held nothing")
	}
}

// signalAll passes over those that have ended since they were listed.
func signalAll(pids []int, signal syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, signal)
	}
}

func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	listed, err := exec.Command("ps", "-o", "pid=", "--ppid", strconv.Itoa(pid)).Output()
	if err != nil {
		t.Skipf("ps cannot list the children of a process here: %v", err)
	}
	var children []int
	for _, field := range strings.Fields(string(listed)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, child)
	}
	return children
}

// TestServerEndsWithItsParent kills the parent as nothing can be told of: SIGKILL.
func TestServerEndsWithItsParent(t *testing.T) {
	for _, temporary := range []string{"", "yes"} {
		t.Run("temporary="+temporary, func(t *testing.T) {
			dir := folder(t)
			parent, pid := startHelper(t, dir, temporary)
			if err := parent.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = parent.Wait() // it was killed
			eventually(t, "the server is gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
			if temporary != "" {
				eventually(t, "the folder is deleted", func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) })
				return
			}
			start(t, dir)
		})
	}
}

func startHelper(t *testing.T, dir, temporary string) (*exec.Cmd, int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self)
	parent.Env = append(os.Environ(), helperDir+"="+dir, "KAPOK_LOCAL_TEST_TEMPORARY="+temporary)
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dsn string
	if _, err := fmt.Fscanln(output, &pid); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanln(output, &dsn); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, dsn, "select 1"); n != 1 {
		t.Fatal("the helper's server does not answer")
	}
	return parent, pid
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not after 15 s: %s", what)
}

// TestUnreachableFolderSaysWhatToDo: root's home is closed to the server's account.
func TestUnreachableFolderSaysWhatToDo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root switches to another account")
	}
	_, err := local.Start(t.Context(), local.Options{Dir: filepath.Join(t.TempDir(), "postgres")})
	if err == nil || !strings.Contains(err.Error(), "chmod o+x") {
		t.Errorf("error: %v", err)
	}
}

func TestStartGivesUpWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := local.Start(ctx, local.Options{Dir: folder(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}
