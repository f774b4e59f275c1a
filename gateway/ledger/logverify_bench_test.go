package ledger

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"
)

// BenchmarkVerifyLog reads an export from the disk: framing, canonical encodings,
// leaves, nodes, the files' sums; and of 400 checkpoints a chunk the roots.
func BenchmarkVerifyLog(b *testing.B) {
	const chunks, batches = 6, 400
	d := newAuthority(b)
	s := d.operational(b)
	m := newMemoryLog(b)
	m.entry = func() Entry { // as an exchange's
		entry := Entry{Kind: "intent", Ref: "00112233445566778899aabbccddeeff", At: time.Now()}
		for f := range 14 {
			entry.Fields = append(entry.Fields, Field{Name: fmt.Sprint("field-", f), Value: "a value"})
		}
		return entry
	}
	batch := ChunkEntries / batches
	for range chunks * batches {
		m.seal(b, s, batch)
	}
	folder := m.exported(b, 0)
	var total int64
	for i := range uint64(chunks) {
		info, err := fs.Stat(os.DirFS(folder), entriesName(i))
		if err != nil {
			continue
		}
		total += info.Size()
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			began := processorTime(b)
			for b.Loop() {
				report, err := VerifyLog(b.Context(), os.DirFS(folder), LogOptions{Bundle: d.bundle(), Verifier: both(), Workers: workers})
				if err != nil || !report.OK() {
					b.Fatalf("%+v, %v", report, err)
				}
			}
			seconds := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(float64(m.size())/seconds, "entries/s")
			// what it would be without others on the machine
			b.ReportMetric(float64(m.size())*float64(b.N)/(processorTime(b)-began).Seconds(), "entries/cpu-s")
			b.ReportMetric(float64(total)/float64(m.size()), "bytes/entry")
		})
	}
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
