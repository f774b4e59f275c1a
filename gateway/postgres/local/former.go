package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// note is what a running server writes of itself into its data folder
// (postmaster.pid; the lines are fixed by PostgreSQL's miscadmin.h).
type note struct {
	pid     int
	sockets string
	status  string // "starting", "ready", "standby", "stopping"
}

func readNote(data string) (note, error) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return note{}, err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 8 {
		return note{}, errors.New("postmaster.pid is not complete yet")
	}
	pid, err := strconv.Atoi(lines[0])
	if err != nil {
		return note{}, err
	}
	return note{pid: pid, sockets: lines[4], status: strings.TrimSpace(lines[7])}, nil
}

// alive reports whether the server that wrote the note still runs. The process id
// may belong to another program by now, so a server that is ready must answer.
func (n note) alive() bool {
	if err := syscall.Kill(n.pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	if n.status == "stopping" {
		return true
	}
	conn, err := net.DialTimeout("unix", filepath.Join(n.sockets, socketName), time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close() // only the answer mattered
	return true
}

// Waiting for the server of a former run: one that is told to stop may still be
// writing; one that stays ready belongs to somebody else.
const (
	waitStopping = time.Minute
	waitReady    = 3 * time.Second
)

// waitForFormer returns when no server runs on the data folder. One that was killed
// leaves its note behind; PostgreSQL sees to that itself.
func waitForFormer(ctx context.Context, l layout, progress func(string)) error {
	began := time.Now()
	for told := false; ; {
		former, err := readNote(l.data())
		if err != nil || !former.alive() {
			return nil
		}
		limit := waitReady
		if former.status == "stopping" {
			limit = waitStopping
		}
		if time.Since(began) > limit {
			return fmt.Errorf("another PostgreSQL (process %d, %s) works on %s: stop the Kapok that started it, or choose another data folder", former.pid, former.status, l.data())
		}
		if !told && time.Since(began) > 500*time.Millisecond {
			progress("waiting for the PostgreSQL of the last run to end")
			told = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
