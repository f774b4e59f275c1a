package postgres_test

import (
	"bytes"
	"context"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kapok/crypto/sm"
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
		fill(b, db, d, int64(size))
		log := openLog(b, db.Ledger(), d.options(originA, "a"))
		appendFrom(b, log, 64, 0, 4_000) // warm
		took[i] = appendFrom(b, log, 64, 4_000, 20_000)
		if size == large {
			b.ReportMetric(float64(receiptTime(b, db, d, size).Microseconds())/1000, "receipt-p99-ms")
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

// receiptTime is the 99th percentile of making a receipt of an entry sealed long ago,
// from the database to the last byte.
func receiptTime(b *testing.B, db *postgres.DB, d district, size int) time.Duration {
	b.Helper()
	took := make([]time.Duration, 500)
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
	return took[len(took)*99/100]
}

// fill makes a log of that size, a multiple of 256, whose tree is true: every entry is
// the same, so that all nodes of one level are, and the database can write it by
// itself. References and subjects beside the entries differ, as those of uses do.
func fill(b *testing.B, db *postgres.DB, d district, size int64) {
	b.Helper()
	log := openLog(b, db.Ledger(), d.options(originA, "a"))
	if _, err := log.Append(b.Context(), simple(1)); err != nil {
		b.Fatal(err)
	}
	one, err := db.Ledger().Stored(b.Context(), originA, 0)
	if err == nil {
		err = log.Close(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	nodes := evenNodes(one.Entry)
	key, note := signedNote(b, d.signing, originA, uint64(size), evenRoot(nodes, uint64(size)))
	run := func(statement string, args ...any) {
		if _, err := db.Pool().Exec(b.Context(), statement, args...); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	for _, table := range []string{"ledger_entries", "ledger_openings", "ledger_accesses", "ledger_tiles", "ledger_checkpoints"} {
		run(`delete from ` + table)
	}
	run(`insert into ledger_entries select $1, i, now(), 'outcome', decode(md5(i::text), 'hex'), $2 from generate_series(0, $3::bigint - 1) i`, originA, one.Entry, size)
	run(`insert into ledger_openings select $1, i, $2 from generate_series(0, $3::bigint - 1) i`, originA, one.Openings, size)
	run(`insert into ledger_accesses select md5((i % 100000)::text), now() - i * interval '1 ms', $1, i from generate_series(0, $2::bigint - 1) i`, originA, size)
	for level := 0; size>>(8*level) > 0; level++ {
		hashes := size >> (8 * level)
		run(`insert into ledger_tiles select $1, $2::integer, n, $3 from generate_series(0, $4::bigint - 1) n`,
			originA, level, bytes.Repeat(nodes[8*level], ledger.TileWidth), hashes/ledger.TileWidth)
		if rest := hashes % ledger.TileWidth; rest > 0 {
			run(`insert into ledger_tiles values ($1, $2, $3, $4)`, originA, level, hashes/ledger.TileWidth, bytes.Repeat(nodes[8*level], int(rest)))
		}
	}
	run(`insert into ledger_checkpoints values ($1, $2, $3, $4)`, originA, size, key, note)
	run(`update ledger_origins set size = $2 where origin = $1`, originA, size)
	run(`vacuum analyze`)
	run(`checkpoint`)
}

// evenNodes are the nodes of each level of a tree of equal leaves.
func evenNodes(entry []byte) [][]byte {
	leaf := ledger.LeafHash(entry)
	nodes := [][]byte{leaf[:]}
	for range 40 {
		last := nodes[len(nodes)-1]
		above := sm.Sum([]byte{1}, last, last)
		nodes = append(nodes, above[:])
	}
	return nodes
}

func evenRoot(nodes [][]byte, size uint64) []byte {
	lowest := bits.TrailingZeros64(size)
	root := nodes[lowest]
	for level := lowest + 1; level < bits.Len64(size); level++ {
		if size>>level&1 == 1 {
			sum := sm.Sum([]byte{1}, nodes[level], root)
			root = sum[:]
		}
	}
	return root
}
