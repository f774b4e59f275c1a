package postgres_test

import (
	"bytes"
	"math/bits"
	"testing"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// filling says what stands beside the entries of a log that [fill] makes: SQL of the
// index i, and of $1, the origin, and $2, a stored entry's place.
type filling struct{ at, ref, subject string }

var (
	// asUses: references and subjects differ, as those of uses do. An audit would object.
	asUses = filling{"now()", "decode(md5(i::text), 'hex')", "md5((i % 100000)::text)"}
	// asStored: every row is true to its entry.
	asStored = filling{"one.at", "one.ref", "seen.subject_ref"}
)

// fill makes a log with checkpoints of these sizes, multiples of 256, whose tree is true:
// every entry is the same, so that all nodes of one level are, and the database can
// write it by itself.
func fill(t testing.TB, db *postgres.DB, d district, beside filling, sizes ...int64) {
	t.Helper()
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	if _, err := log.Append(t.Context(), simple(1)); err != nil {
		t.Fatal(err)
	}
	one, err := db.Ledger().Stored(t.Context(), originA, 0)
	if err == nil {
		err = log.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	run := func(statement string, args ...any) {
		if _, err := db.Pool().Exec(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	nodes, size := evenNodes(one.Entry), sizes[len(sizes)-1]
	run(`insert into ledger_entries select $1, i, `+beside.at+`, one.kind, `+beside.ref+`, one.entry
		from generate_series(1, $2::bigint - 1) i, ledger_entries one where one.origin = $1 and one.idx = 0`, originA, size)
	run(`insert into ledger_openings select $1, i, one.openings
		from generate_series(1, $2::bigint - 1) i, ledger_openings one where one.origin = $1 and one.idx = 0`, originA, size)
	run(`insert into ledger_accesses select `+beside.subject+`, `+beside.at+`, $1, i
		from generate_series(1, $2::bigint - 1) i, ledger_entries one, ledger_accesses seen
		where one.origin = $1 and one.idx = 0 and seen.origin = $1 and seen.idx = 0`, originA, size)
	for level := 0; size>>(8*level) > 0; level++ {
		hashes := size >> (8 * level)
		run(`insert into ledger_tiles select $1, $2::integer, n, $3 from generate_series(0, $4::bigint - 1) n`,
			originA, level, bytes.Repeat(nodes[8*level], ledger.TileWidth), hashes/ledger.TileWidth)
		if rest := hashes % ledger.TileWidth; rest > 0 {
			run(`insert into ledger_tiles values ($1, $2, $3, $4)`, originA, level, hashes/ledger.TileWidth, bytes.Repeat(nodes[8*level], int(rest)))
		}
	}
	for _, size := range sizes {
		key, note := signedNote(t, d.signing, originA, uint64(size), evenRoot(nodes, uint64(size)))
		run(`insert into ledger_checkpoints values ($1, $2, $3, $4)`, originA, size, key, note)
	}
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
