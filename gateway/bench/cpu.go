package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc's processor times: USER_HZ, 100 on every Linux.
const tick = time.Second / 100

// clock is the processor time used so far, of each party and of the whole machine.
type clock struct {
	subject, database, source, generator time.Duration
	busy, idle                           time.Duration // all processors together
}

// parties are the processes whose time is told apart; 0: there is none.
type parties struct{ subject, database, source int }

// read takes the times now. Where there is no /proc they are all zero.
func (p parties) read() clock {
	busy, idle := machineTime()
	return clock{
		subject: processTime(p.subject), source: processTime(p.source),
		database: familyTime(p.database), generator: processTime(os.Getpid()),
		busy: busy, idle: idle,
	}
}

// since is what was used between an earlier reading and this one.
func (c clock) since(earlier clock) clock {
	return clock{
		subject: c.subject - earlier.subject, database: c.database - earlier.database,
		source: c.source - earlier.source, generator: c.generator - earlier.generator,
		busy: c.busy - earlier.busy, idle: c.idle - earlier.idle,
	}
}

// others is what ran on the machine beside the parties; it should be little.
func (c clock) others() time.Duration {
	return max(0, c.busy-c.subject-c.database-c.source-c.generator)
}

// processTime is what a process used itself.
func processTime(pid int) time.Duration {
	stat, ok := statOf(pid)
	if !ok {
		return 0
	}
	return stat.own
}

// familyTime is what a process, its children, and those of its children that have
// ended used: PostgreSQL has one for each connection.
func familyTime(pid int) time.Duration {
	parent, ok := statOf(pid)
	if !ok {
		return 0
	}
	total := parent.own + parent.reaped
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0
	}
	for _, folder := range folders {
		one, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		if stat, ok := statOf(one); ok && stat.parent == pid {
			total += stat.own
		}
	}
	return total
}

type processStat struct {
	parent      int
	own, reaped time.Duration
}

// statOf reads /proc/PID/stat (proc(5)): the fields after the name, which stands in
// parentheses and may hold anything.
func statOf(pid int) (processStat, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if pid == 0 || err != nil {
		return processStat{}, false
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return processStat{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return processStat{}, false
	}
	return processStat{parent: parent, own: ticks(fields[11:13]), reaped: ticks(fields[13:15])}, true
}

// machineTime reads the first line of /proc/stat. Waiting for a disk is idleness.
func machineTime() (busy, idle time.Duration) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return 0, 0
	}
	idle = ticks(fields[4:6])
	return ticks(fields[1:9]) - idle, idle // guest time is in user time already
}

func ticks(fields []string) time.Duration {
	total := time.Duration(0)
	for _, text := range fields {
		count, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0
		}
		total += time.Duration(count) * tick
	}
	return total
}
