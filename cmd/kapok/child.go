package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// child is a program that runs beside this one during a trial.
type child struct {
	name string
	cmd  *exec.Cmd
	done chan error
}

// startChild runs a program that is asked to stop when ctx ends, and killed if it
// has not stopped three seconds later.
func startChild(ctx context.Context, out io.Writer, program string, args ...string) (*child, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second
	ownGroup(cmd) // Ctrl-C on the terminal reaches this program first; it stops the others in order
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	c := &child{name: program, cmd: cmd, done: make(chan error, 1)}
	go func() { c.done <- cmd.Wait() }()
	return c, nil
}

// answers waits until an address answers, or the child has gone.
func (c *child) answers(ctx context.Context, address string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if alive(ctx, address) {
			return nil
		}
		select {
		case err := <-c.done:
			return fmt.Errorf("%s stopped before it answered: %w", c.name, err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func alive(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode < http.StatusBadRequest
}
