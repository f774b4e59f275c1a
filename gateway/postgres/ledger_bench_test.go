package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/local"
	"kapok/gateway/postgres/pgtest"
)

// durableLog is a log on a server of its own that syncs every commit to the disk.
func durableLog(b *testing.B, onBatch func(int, time.Duration)) (*local.Server, *postgres.DB, *ledger.Log) {
	b.Helper()
	server, _ := pgtest.Durable(b)
	db := pgtest.Open(b, server.DSN())
	useIn(b, db)
	options := newDistrict(b).options(originA, "a")
	options.OnBatch = onBatch
	return server, db, openLog(b, db.Ledger(), options)
}

// useIn gives a new server what one in use has: segments of its write-ahead log that are
// filled anew. To make one, which writes 16 MiB and holds up every commit meanwhile, is
// what a server does in its first minutes only.
func useIn(b *testing.B, db *postgres.DB) {
	b.Helper()
	for range 5 {
		if _, err := db.Pool().Exec(b.Context(), `select pg_logical_emit_message(false, 'bench', 'x'), pg_switch_wal()`); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := db.Pool().Exec(b.Context(), `checkpoint`); err != nil {
		b.Fatal(err)
	}
}

// intent is an append as an exchange makes it: 7 stops, a nonce, 14 fields, a citizen.
func intent(i uint64) ledger.Append {
	ref := fmt.Sprintf("%016x%016x", i, i)
	a := ledger.Append{
		Subject: fmt.Sprintf("%032x", i%10_000),
		Claims:  []ledger.Claim{{Space: "nonce", Owner: fmt.Sprint("sys-", i%100), Key: ref, Ref: ref, Expires: time.Now().Add(6 * time.Minute)}},
		Entry: func(ledger.Found) ledger.Entry {
			entry := ledger.Entry{Kind: "intent", Ref: ref, At: time.Now()}
			for f := range 14 {
				entry.Fields = append(entry.Fields, ledger.Field{Name: fmt.Sprint("field-", f), Value: "a value of some length " + ref[:8]})
			}
			return entry
		},
	}
	for _, kind := range []string{"basis", "grant", "key", "system", "department", "item", "source"} {
		a.Stops = append(a.Stops, ledger.Stop{Kind: kind, ID: fmt.Sprint(kind, i%100)})
	}
	return a
}

// BenchmarkLedgerAppend measures appends a second, durable, with the stated number
// of callers, each of whom waits for its own.
func BenchmarkLedgerAppend(b *testing.B) {
	for _, callers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			var batches atomic.Int64
			server, db, log := durableLog(b, func(int, time.Duration) { batches.Add(1) })
			printDurability(b, db)
			var next atomic.Uint64
			var group sync.WaitGroup
			before := costSoFar(b, server, db)
			b.ResetTimer()
			for range callers {
				group.Go(func() {
					for i := next.Add(1); i <= uint64(b.N); i = next.Add(1) {
						if _, err := log.Append(context.Background(), intent(i)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			b.ReportMetric(float64(b.N)/float64(batches.Load()), "entries/commit")
			reportCost(b, server, db, before, b.N)
		})
	}
}

// BenchmarkLedgerLatency measures how long an append takes when 1,000 arrive in a
// second, evenly.
func BenchmarkLedgerLatency(b *testing.B) {
	const rate = 1000
	_, _, log := durableLog(b, nil)
	took := make([]time.Duration, b.N)
	var group sync.WaitGroup
	began := time.Now()
	b.ResetTimer()
	for i := range b.N {
		due := began.Add(time.Duration(i) * time.Second / rate)
		time.Sleep(time.Until(due))
		group.Go(func() {
			if _, err := log.Append(context.Background(), intent(uint64(i))); err != nil {
				b.Error(err)
			}
			took[i] = time.Since(due)
		})
	}
	group.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

func printDurability(b *testing.B, db *postgres.DB) {
	b.Helper()
	settings, err := db.Settings(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var line []string
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit", "shared_buffers"} {
		line = append(line, name+"="+settings[name])
	}
	b.Log(strings.Join(line, " "))
}
