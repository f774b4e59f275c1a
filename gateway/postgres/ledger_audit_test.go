package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/merkle/compact"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// recompute reads a whole log from the database and computes every checkpoint's
// root again from the entries alone, with another implementation of the tree; and
// it opens every field and checks the citizens' index.
func recompute(t testing.TB, db *postgres.DB, origin string, entries int) {
	t.Helper()
	roots := storedRoots(t, db, origin)
	tree := (&compact.RangeFactory{Hash: func(left, right []byte) []byte {
		sum := sm.Sum([]byte{1}, left, right)
		return sum[:]
	}}).NewEmptyRange(0)
	rows, err := db.Pool().Query(t.Context(), `
		select e.idx, e.entry, o.openings, coalesce(a.subject_ref, '')
		from ledger_entries e join ledger_openings o using (origin, idx)
		left join ledger_accesses a on a.origin = e.origin and a.idx = e.idx
		where e.origin = $1 order by e.idx`, origin)
	if err != nil {
		t.Fatal(err)
	}
	var index int64
	var encoded, openings []byte
	var subject string
	next, checked := int64(0), 0
	_, err = pgx.ForEachRow(rows, []any{&index, &encoded, &openings, &subject}, func() error {
		if index != next {
			t.Fatalf("%s: entry %d stands where %d should", origin, index, next)
		}
		next++
		entry, err := ledger.OpenEntry(encoded, openings)
		if err != nil {
			return err
		}
		if entry.Value(ledger.SubjectField) != subject {
			t.Errorf("%s: the index of entry %d names another subject than the entry", origin, index)
		}
		leaf := sm.Sum([]byte{0}, encoded)
		if err := tree.Append(leaf[:], nil); err != nil {
			return err
		}
		want, signed := roots[uint64(next)]
		if !signed {
			return nil
		}
		checked++
		if root, err := tree.GetRootHash(nil); err != nil || ledger.Hash(root) != want {
			t.Errorf("%s: at size %d the checkpoint signs another root, %v", origin, next, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if entries >= 0 && int(next) != entries {
		t.Errorf("%s: %d entries, want %d", origin, next, entries)
	}
	if _, signed := roots[uint64(next)]; next > 0 && !signed || checked != len(roots) {
		t.Errorf("%s: %d entries; of %d checkpoints %d agree", origin, next, len(roots), checked)
	}
}

func storedRoots(t testing.TB, db *postgres.DB, origin string) map[uint64]ledger.Hash {
	t.Helper()
	rows, err := db.Pool().Query(t.Context(), `select note from ledger_checkpoints where origin = $1`, origin)
	if err != nil {
		t.Fatal(err)
	}
	notes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	roots := map[uint64]ledger.Hash{}
	for _, note := range notes {
		head, err := ledger.ParseCheckpoint(note)
		if err != nil {
			t.Fatal(err)
		}
		roots[head.Size] = head.Root
	}
	return roots
}
