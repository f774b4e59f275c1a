package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a process that this one started and will end.
type child struct {
	name    string
	command *exec.Cmd
	lines   chan string   // what it printed, line by line; closed at the end of its output
	ended   chan struct{} // closed when it has ended; err is set then
	err     error
	said    tail
}

// start runs a program. Its standard input is fed to it and closed, so that nothing
// has to be passed where others could read it.
func start(name, program string, args []string, input []byte) (*child, error) {
	c := &child{
		name: name, command: exec.Command(program, args...),
		lines: make(chan string, 64), ended: make(chan struct{}),
	}
	c.command.Env = plainEnvironment()
	c.command.Stdin = bytes.NewReader(input)
	c.command.Stderr = &c.said
	c.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for this process, which then ends them
	dieWithParent(c.command.SysProcAttr)
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	launched := make(chan error)
	go c.live(launched, bufio.NewScanner(out))
	if err := <-launched; err != nil {
		return nil, fmt.Errorf("bench: start %s: %w", name, err)
	}
	return c, nil
}

// plainEnvironment leaves out what would override the configuration written for the run.
func plainEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "KAPOK_") || strings.HasPrefix(variable, "DATABASE_URL=")
	})
}

// live stays on one thread while the program runs: Linux sends a child its
// parent-death signal when the thread that started it ends.
func (c *child) live(launched chan<- error, out *bufio.Scanner) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := c.command.Start()
	launched <- err
	if err != nil {
		return
	}
	for out.Scan() {
		select {
		case c.lines <- out.Text():
		default: // nobody reads them any more
		}
	}
	close(c.lines)
	c.err = c.command.Wait()
	close(c.ended)
}

func (c *child) pid() int { return c.command.Process.Pid }

// firstLine waits for the first line that the program prints.
func (c *child) firstLine(ctx context.Context, patience time.Duration) (string, error) {
	select {
	case line, ok := <-c.lines:
		if ok {
			return line, nil
		}
		<-c.ended
		return "", c.failure("ended before it was ready")
	case <-time.After(patience):
		return "", c.failure("did not get ready")
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// failure tells what a child said last, for the one who looks for the reason.
func (c *child) failure(what string) error {
	return fmt.Errorf("bench: %s %s; it said last:\n%s", c.name, what, c.said.text())
}

// stop ends the program in good order, or by force when it does not follow.
func (c *child) stop() error {
	_ = c.command.Process.Signal(syscall.SIGTERM) // ended already: what was wanted
	select {
	case <-c.ended:
	case <-time.After(15 * time.Second):
		return errors.Join(c.failure("did not stop in time"), c.command.Process.Kill())
	}
	if exit, ok := errors.AsType[*exec.ExitError](c.err); ok && exit.ExitCode() != 0 && !endedBy(exit, syscall.SIGTERM) {
		return c.failure("failed: " + exit.Error())
	}
	return nil
}

func endedBy(exit *exec.ExitError, signal syscall.Signal) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == signal
}

// tail keeps the last of what was written to it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailLength = 4 << 10

// Write keeps p, or its end.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if over := len(t.last) - tailLength; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.last))
}

// sibling is a binary beside this one.
func sibling(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("bench: find %s: %w", name, err)
	}
	beside := self[:strings.LastIndexByte(self, '/')+1] + name
	if _, err := os.Stat(beside); err != nil {
		return "", fmt.Errorf("bench: %s is not beside this program: make build", name)
	}
	return beside, nil
}
