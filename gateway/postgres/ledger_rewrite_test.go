package postgres_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/merkle/compact"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

// rewrite is the work of somebody who holds a signing key and the database: one entry
// is replaced by another of the log, and everything after it computed and signed anew.
func rewrite(t *testing.T, tx pgx.Tx, random *rand.Rand, signing ledger.Signing, origin string) int64 {
	size := sizeOf(t, tx, origin)
	a := random.Int64N(size - 1)
	for _, table := range []string{"ledger_entries", "ledger_openings", "ledger_accesses"} {
		exec(t, tx, `update `+table+` set idx = 1000000 + idx where origin = $1 and idx in ($2, $3)`, origin, a, size-1)
		exec(t, tx, `update `+table+` set idx = $2::bigint + $3::bigint - (idx - 1000000) where origin = $1 and idx >= 1000000`, origin, a, size-1)
	}
	rebuildTiles(t, tx, origin)
	resign(t, tx, signing, origin)
	return 1
}

// leaves reads a log's entries.
func leaves(t *testing.T, tx pgx.Tx, origin string) [][]byte {
	t.Helper()
	rows, err := tx.Query(t.Context(), `select entry from ledger_entries where origin = $1 order by idx`, origin)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// rebuildTiles computes the tiles of the two levels that a log of this size has.
func rebuildTiles(t *testing.T, tx pgx.Tx, origin string) {
	t.Helper()
	exec(t, tx, `delete from ledger_tiles where origin = $1`, origin)
	var low, high []byte
	for _, entry := range leaves(t, tx, origin) {
		hash := ledger.LeafHash(entry)
		low = append(low, hash[:]...)
	}
	for n := 0; (n+1)*ledger.TileWidth*ledger.HashSize <= len(low); n++ {
		tile := low[n*ledger.TileWidth*ledger.HashSize : (n+1)*ledger.TileWidth*ledger.HashSize]
		exec(t, tx, `insert into ledger_tiles values ($1, 0, $2, $3)`, origin, n, tile)
		tree := emptyRange()
		for at := 0; at < len(tile); at += ledger.HashSize {
			if err := tree.Append(tile[at:at+ledger.HashSize], nil); err != nil {
				t.Fatal(err)
			}
		}
		root, err := tree.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		high = append(high, root...)
	}
	if len(high) > 0 {
		exec(t, tx, `insert into ledger_tiles values ($1, 1, 0, $2)`, origin, high)
	}
}

func emptyRange() *compact.Range {
	return (&compact.RangeFactory{Hash: func(left, right []byte) []byte {
		sum := sm.Sum([]byte{1}, left, right)
		return sum[:]
	}}).NewEmptyRange(0)
}

// resign signs every stored checkpoint again over the roots as they are now, following
// FORMAT.md §4.
func resign(t *testing.T, tx pgx.Tx, signing ledger.Signing, origin string) {
	t.Helper()
	rows, err := tx.Query(t.Context(), `select size, note from ledger_checkpoints where origin = $1 order by size`, origin)
	if err != nil {
		t.Fatal(err)
	}
	type head struct {
		Size int64
		Note string
	}
	heads, err := pgx.CollectRows(rows, pgx.RowToStructByPos[head])
	if err != nil {
		t.Fatal(err)
	}
	key, _ := signedNote(t, signing, origin, 1, make([]byte, ledger.HashSize))
	exec(t, tx, `insert into ledger_keys values ($1, $2, $3) on conflict do nothing`, origin, key, signing.Chain)
	exec(t, tx, `delete from ledger_keys where origin = $1 and key <> $2`, origin, key)
	tree, next := emptyRange(), 0
	entries := leaves(t, tx, origin)
	for _, one := range heads {
		for ; next < int(one.Size); next++ {
			hash := ledger.LeafHash(entries[next])
			if err := tree.Append(hash[:], nil); err != nil {
				t.Fatal(err)
			}
		}
		root, err := tree.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		key, note := signedNote(t, signing, origin, uint64(one.Size), root)
		exec(t, tx, `update ledger_checkpoints set key = $3, note = $4 where origin = $1 and size = $2`, origin, one.Size, key, note)
	}
}

// signedNote makes a checkpoint as of now, which nothing in a log is later than, and
// names its key.
func signedNote(t testing.TB, signing ledger.Signing, origin string, size uint64, root []byte) (key, note string) {
	t.Helper()
	public := signing.Signer.Public().Bytes()
	sum := sm.Sum(public)
	key = origin + "/" + hex.EncodeToString(sum[:16])
	sealed := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	text := fmt.Sprintf("%s\n%d\n%s\nsealed %s\n", origin, size, base64.StdEncoding.EncodeToString(root), sealed)
	signature, err := signing.Signer.Sign(t.Context(), ledger.CheckpointDomain.Message([]byte(text)), sm.Raw)
	if err != nil {
		t.Fatal(err)
	}
	id := sm.Sum([]byte(key), []byte("\n\xffkapok/sm2-sm3/v1"), public)
	note = text + "\n— " + key + " " + base64.StdEncoding.EncodeToString(append(id[:4:4], signature...)) + "\n"
	if _, err := ledger.ParseCheckpoint(note); err != nil || strings.Count(note, "\n") != 6 {
		t.Fatalf("the forger does not know the format: %v", err)
	}
	return key, note
}

// TestOnlyTheAnchorFindsARewriteByTheKeysHolder: the rewrite of TestTamper is a good
// one. Without the anchor, whoever holds the key and the database is believed.
func TestOnlyTheAnchorFindsARewriteByTheKeysHolder(t *testing.T) {
	v := newVictim(t)
	anchors := v.options.Anchors
	var origin string // the one in which no erasure is sealed: cutting that off would show by itself
	err := v.db.Pool().QueryRow(t.Context(), `
		select origin from ledger_origins log where origin <> ''
		and not exists (select from ledger_entries e where e.origin = log.origin and e.kind = 'subject-erased') limit 1`).Scan(&origin)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		do   func(tx pgx.Tx)
	}{
		{"rewritten", func(tx pgx.Tx) { rewrite(t, tx, random, v.d.signing, origin) }},
		{"cut", func(tx pgx.Tx) { cutTail(t, tx, random, v, origin) }},
	} {
		v.options.Anchors = nil
		if found := tampered(t, v, c.do); len(found) > 0 {
			t.Errorf("%s: the forgery is a bad one: %+v", c.name, found)
		}
		v.options.Anchors = anchors
		if found := tampered(t, v, c.do); len(found) == 0 {
			t.Errorf("%s: the anchor does not find it", c.name)
		}
	}
}
