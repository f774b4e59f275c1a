package local

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Options say where the server lives.
type Options struct {
	// Dir keeps the data between starts; it is made if need be. The path may be long.
	Dir string
	// Progress is told what is being done before each step that may take longer than
	// a moment; nil: nobody is.
	Progress func(step string)
	// Temporary is for tests: commits do not wait for the disk (fsync and
	// full_page_writes are off: the end of the process loses nothing, the end of the
	// machine may), and Dir is deleted when the server or this process ends.
	Temporary bool
}

// Server is a running private server.
type Server struct {
	layout  layout
	sockets string
	options Options
	process *process
}

// Start starts the server and returns when it takes connections. The first start
// makes the data folder (about a second), later ones take about 0.2 s. ctx bounds
// the start; the server then runs until Stop or the end of this process.
func Start(ctx context.Context, options Options) (*Server, error) {
	server, err := start(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	return server, nil
}

func start(ctx context.Context, options Options) (*Server, error) {
	if options.Progress == nil {
		options.Progress = func(string) {}
	}
	a, err := serverAccount()
	if err != nil {
		return nil, err
	}
	l, err := newLayout(options.Dir, a)
	if err != nil {
		return nil, err
	}
	major, err := l.written()
	if err != nil {
		return nil, err
	}
	programs, err := choose(ctx, major)
	if err != nil {
		return nil, err
	}
	if err := waitForFormer(ctx, l, options.Progress); err != nil {
		return nil, err
	}
	if err := l.access(); err != nil {
		return nil, err
	}
	if major == 0 {
		options.Progress("making a data folder for PostgreSQL")
		if err := initialise(ctx, programs, l, a, options); err != nil {
			return nil, err
		}
	}
	return runPastOrphans(ctx, programs, l, a, options)
}

// waitOrphans is how long the children of a server that was killed may take to notice
// and end; until then the next server finds their shared memory in use.
const waitOrphans = 15 * time.Second

func runPastOrphans(ctx context.Context, programs binaries, l layout, a account, options Options) (*Server, error) {
	for began := time.Now(); ; {
		server, err := run(ctx, programs, l, a, options)
		if err == nil || !strings.Contains(l.lastLine(), "pre-existing shared memory block") || time.Since(began) > waitOrphans {
			return server, err
		}
		options.Progress("waiting for what is left of a PostgreSQL that was killed")
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// run starts the server on a data folder that is there.
func run(ctx context.Context, programs binaries, l layout, a account, options Options) (*Server, error) {
	sockets, err := l.socketFolder(a)
	if err != nil {
		return nil, err
	}
	output, err := l.openLog()
	if err != nil {
		return nil, err
	}
	defer output.Close() // the server has its own
	options.Progress("starting PostgreSQL")
	args := append([]string{"-D", l.data()}, settings(l, sockets, options)...)
	started, err := launch(a.command(filepath.Join(programs.folder, "postgres"), args, output))
	if err != nil {
		return nil, err
	}
	server := &Server{layout: l, sockets: sockets, options: options, process: started}
	if err := server.settle(ctx); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, server.abandon())
	}
	return server, nil
}

// settle does what is left once the process runs.
func (s *Server) settle(ctx context.Context) error {
	if err := watch(s.process, s.temporaryFolder()); err != nil {
		return err
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	return s.makeDatabase(ctx)
}

func (s *Server) temporaryFolder() string {
	if s.options.Temporary {
		return s.layout.dir
	}
	return ""
}

// abandon ends a server that did not start, and returns the end of its log.
func (s *Server) abandon() string {
	s.process.signal(syscall.SIGQUIT)
	<-s.process.ended
	return s.layout.logTail()
}

// DSN is the address of Kapok's database on this server.
func (s *Server) DSN() string { return s.address(database) }

func (s *Server) address(name string) string {
	query := url.Values{"host": {s.sockets}, "port": {fmt.Sprint(port)}, "user": {role}}
	return "postgres:///" + name + "?" + query.Encode()
}

// PID is the server's process, for tests that end it as a crash would.
func (s *Server) PID() int { return s.process.pid() }

// Stop ends the server: transactions under way are rolled back, the rest is on disk
// when Stop returns. A second Stop does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.process.signal(syscall.SIGINT) // PostgreSQL's "fast shutdown"
	select {
	case <-s.process.ended:
	case <-ctx.Done():
		return fmt.Errorf("PostgreSQL (process %d) is still shutting down: %w", s.process.pid(), ctx.Err())
	}
	s.layout.forgetSocketFolder()
	if s.options.Temporary {
		return os.RemoveAll(s.layout.dir)
	}
	return nil
}

// Ended is closed when the server's process has ended, for whatever reason.
func (s *Server) Ended() <-chan struct{} { return s.process.ended }

// patience is how long a server may take to come up after a crash, when it has to
// replay its log first.
const patience = 2 * time.Minute

// ready waits until the server says of itself that it takes connections.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	slow := time.After(time.Second)
	for {
		if note, err := readNote(s.layout.data()); err == nil && note.pid == s.process.pid() && note.status == "ready" {
			return nil
		}
		select {
		case <-s.process.ended:
			return fmt.Errorf("PostgreSQL ended while starting (%v); the end of its log, %s, says why:", s.process.err, s.layout.log())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not get ready: %w; the end of its log, %s:", ctx.Err(), s.layout.log())
		case <-slow:
			s.options.Progress("waiting for PostgreSQL to get ready")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// environment asks glibc not to give memory back to the kernel after each statement, only
// to ask for it again for the next: that was a fourth of what a batch of the ledger cost
// the server. A connection keeps 16 MiB at most. Other C libraries pass it by.
func environment() []string {
	return []string{
		"LC_ALL=C", "PATH=/usr/bin:/bin",
		"MALLOC_TOP_PAD_=1048576", "MALLOC_TRIM_THRESHOLD_=16777216", "MALLOC_MMAP_THRESHOLD_=16777216",
	}
}

// command runs a program as the account, away from the terminal's own signals:
// Ctrl-C is for Kapok, which then stops its server in good order.
func (a account) command(program string, args []string, output *os.File) *exec.Cmd {
	command := exec.Command(program, args...)
	command.Dir = "/"
	command.Env = environment()
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.switched {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	dieWithParent(command.SysProcAttr)
	return command
}
