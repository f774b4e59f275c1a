package postgres_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"kapok/gateway/postgres"
	"kapok/gateway/postgres/local"
)

// cost is what was spent up to a moment: processor time of this process and of the
// database server's, and bytes of its write-ahead log. Unlike the time on the wall it
// does not depend on who else uses the machine.
type cost struct {
	own, server time.Duration
	wal         int64
}

// costSoFar leaves the server's time at zero where the system has no /proc.
func costSoFar(b *testing.B, server *local.Server, db *postgres.DB) cost {
	b.Helper()
	var c cost
	if err := db.Pool().QueryRow(b.Context(), `select pg_current_wal_insert_lsn() - '0/0'::pg_lsn`).Scan(&c.wal); err != nil {
		b.Fatal(err)
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	c.own = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	c.server = serverTime(server.PID())
	return c
}

// reportCost adds to a benchmark's result what one of n entries cost since.
func reportCost(b *testing.B, server *local.Server, db *postgres.DB, before cost, n int) {
	b.Helper()
	after, each := costSoFar(b, server, db), float64(n)
	b.ReportMetric(float64((after.own-before.own).Microseconds())/each, "own-cpu-µs/entry")
	b.ReportMetric(float64((after.server-before.server).Microseconds())/each, "server-cpu-µs/entry")
	b.ReportMetric(float64(after.wal-before.wal)/each, "wal-B/entry")
}

// serverTime adds up the server's process, those that it has started, and those of them
// that have ended.
func serverTime(pid int) time.Duration {
	const tick = time.Second / 100 // USER_HZ, the same on every Linux that Go runs on
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var ticks int64
	for _, stat := range stats {
		raw, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended meanwhile
		}
		after := raw[bytes.LastIndexByte(raw, ')')+1:] // the name before may hold anything
		fields := bytes.Fields(after)
		switch {
		case filepath.Dir(stat) == fmt.Sprint("/proc/", pid):
			ticks += sumOf(fields[11:15]) // utime, stime, and both of children that were waited for
		case string(fields[1]) == strconv.Itoa(pid):
			ticks += sumOf(fields[11:13])
		}
	}
	return time.Duration(ticks) * tick
}

func sumOf(numbers [][]byte) (sum int64) {
	for _, number := range numbers {
		one, _ := strconv.ParseInt(string(number), 10, 64)
		sum += one
	}
	return sum
}
