package postgres

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Shelf is where entries and checkpoints lie that were deleted from the database after
// their archive had been verified.
type Shelf interface {
	Entries(origin string, first, end uint64, each func(index uint64, encoded []byte) error) error
	Notes(origin string, first, end uint64, each func(note string) error) error
	Covering(origin string, index uint64) (note string, err error)
}

// noShelf is that of a database opened without one.
type noShelf struct{}

func (noShelf) Entries(string, uint64, uint64, func(uint64, []byte) error) error { return errNoShelf }
func (noShelf) Notes(string, uint64, uint64, func(string) error) error           { return errNoShelf }
func (noShelf) Covering(string, uint64) (string, error)                          { return "", errNoShelf }

var errNoShelf = errors.New("postgres: ledger.archive is not set")

// shelved explains why the archive did not give what it holds.
func shelved(err error) error {
	if err == nil || !errors.Is(err, errNoShelf) && !errors.Is(err, ledger.ErrNotShelved) {
		return err
	}
	return gateway.Fail(gateway.Unavailable, "ledger-archived", "This part of the ledger lies in the archive, and the archive is not at hand.").Because(err)
}

// pruned is the index up to which the archive took a log's entries.
func pruned(ctx context.Context, from ledgerQuerier, origin string) (uint64, error) {
	rows, err := from.Query(ctx, `select coalesce(max(upto), 0) from ledger_prunings where origin = $1`, origin)
	if err != nil {
		return 0, explain(err)
	}
	upto, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
	return uint64(upto), explain(err)
}

// errShelf says of an archive that was altered after it was put there.
var errShelf = errors.New("postgres: an entry in the archive is not the one in the tree")

// fromShelf reads entries that the archive took. Each is compared with its leaf in the
// tree, which stayed in the database.
func (l *Ledger) fromShelf(ctx context.Context, origin string, indices []uint64) (map[uint64][]byte, error) {
	found := map[uint64][]byte{}
	slices.Sort(indices)
	for len(indices) > 0 {
		chunk := indices[0] / ledger.ChunkEntries
		n := 0
		for n < len(indices) && indices[n]/ledger.ChunkEntries == chunk {
			n++
		}
		err := l.db.shelf.Entries(origin, indices[0], indices[n-1]+1, func(index uint64, encoded []byte) error {
			if _, wanted := slices.BinarySearch(indices[:n], index); wanted {
				found[index] = slices.Clone(encoded)
			}
			return nil
		})
		if err != nil {
			return nil, shelved(err)
		}
		indices = indices[n:]
	}
	return found, l.inTree(ctx, origin, found)
}

func (l *Ledger) inTree(ctx context.Context, origin string, entries map[uint64][]byte) error {
	var ids []ledger.TileID
	for index := range entries {
		if id := (ledger.TileID{N: index / ledger.TileWidth}); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	tiles, err := storedTiles(ctx, l.db.pool, origin, ids)
	if err != nil {
		return explain(err)
	}
	for index, encoded := range entries {
		hashes, at := tiles[ledger.TileID{N: index / ledger.TileWidth}], int(index%ledger.TileWidth)*ledger.HashSize
		if len(hashes) < at+ledger.HashSize || ledger.Hash(hashes[at:]) != ledger.LeafHash(encoded) {
			return errShelf
		}
	}
	return nil
}

// storedOnShelf is [Ledger.Stored] of an entry that the archive took.
func (l *Ledger) storedOnShelf(ctx context.Context, origin string, index uint64) (stored ledger.Stored, err error) {
	upto, err := pruned(ctx, l.db.pool, origin)
	if err != nil {
		return ledger.Stored{}, err
	}
	if index >= upto {
		return ledger.Stored{}, ledger.ErrNoEntry
	}
	entries, err := l.fromShelf(ctx, origin, []uint64{index})
	if err != nil {
		return ledger.Stored{}, err
	}
	stored.Entry = entries[index]
	if stored.Checkpoint, err = l.db.shelf.Covering(origin, index); err != nil {
		return ledger.Stored{}, shelved(err)
	}
	key, err := ledger.CheckpointKey(stored.Checkpoint)
	if err != nil {
		return ledger.Stored{}, err
	}
	if stored.Chain, err = l.Chain(ctx, origin, key); err != nil {
		return ledger.Stored{}, err
	}
	err = l.db.pool.QueryRow(ctx, `select openings from ledger_openings where origin = $1 and idx = $2`, origin, int64(index)).Scan(&stored.Openings)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil // erased
	}
	return stored, explain(err)
}

// shelfEntries pulls the archived entries of a log one by one, for an audit.
func shelfEntries(shelf Shelf, origin string, end uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := shelf.Entries(origin, 0, end, func(_ uint64, encoded []byte) error {
			if !yield(encoded, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, shelved(err))
		}
	}
}

var errEnough = errors.New("postgres: the reader has enough")
