package returns_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/postgres/pgtest"
	"kapok/gateway/returns"
)

// TestBenchReturns is `make bench-returns`: it lands a delivery of KAPOK_RETURNS_ROWS
// rows with two encrypted columns, checks and reconciles it, twice (all persons new,
// then all known), and has psql \copy the same rows, encrypted already, into a table
// with the same indexes. The server is durable.
func TestBenchReturns(t *testing.T) {
	rows, err := strconv.Atoi(os.Getenv("KAPOK_RETURNS_ROWS"))
	if err != nil || rows < 1 {
		t.Skip("a measurement: run make bench-returns")
	}
	server, _ := pgtest.Durable(t)
	w := worldOn(t, server.DSN(), openKeys(t, t.TempDir()))
	m := w.manifest(1, w.large(t, rows))
	began := spentBy(server.PID())
	fresh, first := w.timed(t, m)
	afterFresh := spentBy(server.PID())
	m.Version = 2
	known, _ := w.timed(t, m)
	afterKnown := spentBy(server.PID())
	encrypted := filepath.Join(w.folder, "encrypted.txt")
	table := fmt.Sprintf("returned.load_%d", first.Load)
	psql(t, w.dsn, "create table same (like "+table+" including indexes); create table plain (SFZH text, XM text, BTZL text, YBTJE text, SCFFNY text, FFZT text, XZQH text)")
	psql(t, w.dsn, `\copy `+table+` to '`+encrypted+`'`)
	psql(t, w.dsn, "checkpoint")
	beforeCopy := spentBy(server.PID())
	same := psql(t, w.dsn, `\copy same from '`+encrypted+`'`)
	afterCopy := spentBy(server.PID())
	plain := psql(t, w.dsn, `\copy plain from '`+filepath.Join(w.folder, m.Files[0].Name)+`' (format csv, header)`)
	tell := func(what string, took time.Duration) {
		t.Logf("%-58s %8.1f s %9.0f rows/s", what, took.Seconds(), float64(rows)/took.Seconds())
	}
	t.Logf("%d rows, %d MiB of CSV", rows, m.Files[0].Size>>20)
	tell(`a  psql \copy, encrypted already, same indexes`, same)
	tell("b  landing, checks, reconciliation; every person new", fresh)
	tell("c  the same again; every person known, compared with b", known)
	tell(`   psql \copy of the plain CSV into a table without index`, plain)
	t.Logf("a/b %.2f, a/c %.2f (aim: 0.40)", same.Seconds()/fresh.Seconds(), same.Seconds()/known.Seconds())
	for _, one := range []struct {
		what     string
		from, to spent
	}{{"a", beforeCopy, afterCopy}, {"b", began, afterFresh}, {"c", afterFresh, afterKnown}} {
		t.Logf("%s  processor time of a row: %5.1f µs in the importer, %5.1f µs in PostgreSQL", one.what,
			float64((one.to.own-one.from.own).Microseconds())/float64(rows), float64((one.to.server-one.from.server).Microseconds())/float64(rows))
	}
	t.Logf("most memory that the importer's process took: %s (aim: at most 512 MiB)", peak(t))
}

// timed imports a delivery and says how long it took until it could be published.
func (w *world) timed(t *testing.T, m returns.Manifest) (time.Duration, returns.Delivery) {
	t.Helper()
	id := w.receive(t, m).ID
	psql(t, w.dsn, "checkpoint")
	began := time.Now()
	delivery, err := w.Import(t.Context(), id, filesIn(t, w.folder), actor, func(returns.Progress) {})
	took := time.Since(began)
	if err != nil || delivery.State != returns.Reconciled {
		t.Fatalf("%s %v %v", delivery.State, delivery.Findings, err)
	}
	if err := w.act(t, id, returns.ActPublish); err != nil {
		t.Fatal(err)
	}
	return took, delivery
}

// large writes a CSV file row by row.
func (w *world) large(t *testing.T, rows int) returns.File {
	t.Helper()
	const name = "large.csv"
	file, err := os.Create(filepath.Join(w.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	hash := sm.NewHash()
	out := bufio.NewWriterSize(io.MultiWriter(file, hash), 1<<20)
	fmt.Fprint(out, strings.Join(columns, ",")+"\r\n")
	cents := int64(0)
	for n := range rows {
		amount := int64(10_000 + n%40_000)
		cents += amount
		fmt.Fprintf(out, "%s,测试%d,生活补贴,%d.%02d,2025-%02d,在发,440106\r\n", many(n), n, amount/100, amount%100, 1+n%12)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return returns.File{
		Name: name, Layout: "csv", Size: info.Size(), SM3: hex.EncodeToString(hash.Sum(nil)), Rows: int64(rows),
		Sums: map[string]string{"YBTJE": fmt.Sprintf("%d.%02d", cents/100, cents%100)},
	}
}

// many makes up to 20 million different numbers of fictitious persons.
func many(n int) string {
	digits := fmt.Sprintf("440106%04d%02d%02d%03d", 1940+n%60, 1+n/60%12, 1+n/720%28, n/20160%1000)
	digits = digits[:6-2] + fmt.Sprintf("%02d", n/20_160_000) + digits[6:]
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

// psql runs one command and says how long it took.
func psql(t *testing.T, dsn, command string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	program := exec.CommandContext(ctx, "psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-q", dsn, "-c", command)
	began := time.Now()
	if out, err := program.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v: %s", err, out)
	}
	return time.Since(began)
}

// spent is processor time: of this process, and of the server's processes.
type spent struct{ own, server time.Duration }

func spentBy(server int) spent {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // it cannot fail for this process
	return spent{time.Duration(used.Utime.Nano() + used.Stime.Nano()), serverTime(server)}
}

// serverTime adds up the server's process, those that it has started, and those of them
// that have ended; zero where the system has no /proc.
func serverTime(pid int) time.Duration {
	const tick = time.Second / 100 // USER_HZ, the same on every Linux that Go runs on
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var ticks int64
	for _, stat := range stats {
		raw, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended meanwhile
		}
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:])) // the name before may hold anything
		last := 0
		switch {
		case filepath.Dir(stat) == fmt.Sprint("/proc/", pid):
			last = 15 // utime, stime, and both of children that were waited for
		case fields[1] == strconv.Itoa(pid):
			last = 13
		}
		for _, number := range fields[min(11, last):last] {
			one, _ := strconv.ParseInt(number, 10, 64)
			ticks += one
		}
	}
	return time.Duration(ticks) * tick
}

// peak is the most memory that this process had resident.
func peak(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "not known on this system"
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err == nil {
				return fmt.Sprintf("%d MiB", kib>>10)
			}
		}
	}
	return "not known"
}
