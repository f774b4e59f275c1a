package local

import (
	"os/exec"
	"runtime"
	"syscall"
)

// process is a started program.
type process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when the program has ended; err is set then
	err     error
}

// launch starts the command on a thread that lives as long as the program does:
// Linux sends a child its parent-death signal when the *thread* that started it
// ends, and Go ends threads as it likes unless one is locked.
func launch(command *exec.Cmd) (*process, error) {
	started := &process{command: command, ended: make(chan struct{})}
	launched := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		launched <- err
		if err != nil {
			return
		}
		started.err = command.Wait()
		close(started.ended)
	}()
	if err := <-launched; err != nil {
		return nil, err
	}
	return started, nil
}

func (p *process) pid() int { return p.command.Process.Pid }

// signal sends a signal unless the program has ended already.
func (p *process) signal(signal syscall.Signal) {
	_ = p.command.Process.Signal(signal) // ended: what was wanted
}
