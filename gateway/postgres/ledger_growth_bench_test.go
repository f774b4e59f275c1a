package postgres_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// grownTo is how many entries the large log of BenchmarkLedgerGrowth has; KAPOK_GROWN
// sets another number, a multiple of 256: 10027008 takes some minutes and 8 GB.
const grownTo = 256 << 10

// BenchmarkLedgerGrowth measures what an append costs in a log of ten thousand entries
// and in a large one, and a receipt from the middle of the large one.
func BenchmarkLedgerGrowth(b *testing.B) {
	large := number(b, "KAPOK_GROWN", grownTo)
	var took [2]time.Duration
	for i, size := range []int{10_240, large} {
		server, _ := pgtest.Durable(b)
		db, d := pgtest.Open(b, server.DSN()), newDistrict(b)
		fill(b, db, d, asUses, int64(size))
		log := openLog(b, db.Ledger(), d.options(originA, "a"))
		appendFrom(b, log, 64, 0, 4_000) // warm
		took[i] = appendFrom(b, log, 64, 4_000, 20_000)
		if size == large {
			middle, worst := receiptTimes(b, db, d, size)
			b.ReportMetric(float64(middle.Microseconds())/1000, "receipt-p50-ms")
			b.ReportMetric(float64(worst.Microseconds())/1000, "receipt-p99-ms")
		}
	}
	b.ReportMetric(0, "ns/op") // the whole is no measure of anything
	b.ReportMetric(float64(large), "entries")
	b.ReportMetric(float64(took[0].Microseconds()), "µs/append-at-10240")
	b.ReportMetric(float64(took[1].Microseconds()), "µs/append-grown")
	b.ReportMetric(float64(took[1])/float64(took[0]), "grown/small")
}

// appendFrom appends n intents with that many callers, and returns the time for each.
func appendFrom(b *testing.B, log *ledger.Log, callers int, from, n uint64) time.Duration {
	b.Helper()
	var next atomic.Uint64
	var group sync.WaitGroup
	began := time.Now()
	for range callers {
		group.Go(func() {
			for i := next.Add(1); i <= n; i = next.Add(1) {
				if _, err := log.Append(context.Background(), intent(from+i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return time.Since(began) / time.Duration(n)
}

// receiptTimes are the median and the 99th percentile of making a receipt of an entry
// sealed long ago, from the database to the last byte.
func receiptTimes(b *testing.B, db *postgres.DB, d district, size int) (p50, p99 time.Duration) {
	b.Helper()
	took := make([]time.Duration, 2000)
	for i := range took {
		began := time.Now()
		raw, err := ledger.ReceiptAt(b.Context(), db.Ledger(), originA, rand.Uint64N(uint64(size)), nil)
		if err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(began)
		if i == 0 {
			d.mustVerify(b, raw)
		}
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}
