package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// ledgerQuerier is a pool or a transaction.
type ledgerQuerier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Stored is as [ledger.Archive] has it.
func (l *Ledger) Stored(ctx context.Context, origin string, index uint64) (ledger.Stored, error) {
	var stored ledger.Stored
	err := l.db.pool.QueryRow(ctx, `
		select entry.entry, opening.openings, head.note, key.chain
		from ledger_entries entry
		left join ledger_openings opening on opening.origin = $1 and opening.idx = $2
		join lateral (
			select note, key from ledger_checkpoints
			where origin = $1 and size > $2 order by size limit 1) head on true
		join ledger_keys key on key.origin = $1 and key.key = head.key
		where entry.origin = $1 and entry.idx = $2`, origin, int64(index)).
		Scan(&stored.Entry, &stored.Openings, &stored.Checkpoint, &stored.Chain)
	if errors.Is(err, pgx.ErrNoRows) {
		return l.storedOnShelf(ctx, origin, index)
	}
	return stored, explain(err)
}

// Tiles is as [ledger.Archive] has it.
func (l *Ledger) Tiles(ctx context.Context, origin string, ids []ledger.TileID) ([]ledger.Tile, error) {
	tiles, err := readTiles(ctx, l.db.pool, origin, ids)
	return tiles, explain(err)
}

// readTiles takes a tile of the lowest level that is not full, and therefore not
// stored, from the entries.
func readTiles(ctx context.Context, from ledgerQuerier, origin string, ids []ledger.TileID) ([]ledger.Tile, error) {
	found, err := storedTiles(ctx, from, origin, ids)
	if err != nil {
		return nil, err
	}
	tiles := make([]ledger.Tile, len(ids))
	for i, id := range ids {
		tiles[i] = ledger.Tile{TileID: id, Hashes: found[id]}
		if id.Level == 0 && found[id] == nil {
			if tiles[i].Hashes, err = leafHashes(ctx, from, origin, id.N); err != nil {
				return nil, err
			}
		}
	}
	return tiles, nil
}

func storedTiles(ctx context.Context, from ledgerQuerier, origin string, ids []ledger.TileID) (map[ledger.TileID][]byte, error) {
	levels, numbers := make([]int32, len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		levels[i], numbers[i] = int32(id.Level), int64(id.N)
	}
	rows, err := from.Query(ctx, `
		select tile.level, tile.n, tile.hashes
		from unnest($2::integer[], $3::bigint[]) as asked (level, n)
		join ledger_tiles tile on tile.origin = $1 and tile.level = asked.level and tile.n = asked.n`, origin, levels, numbers)
	if err != nil {
		return nil, err
	}
	found := map[ledger.TileID][]byte{}
	var level, n int64
	var hashes []byte
	_, err = pgx.ForEachRow(rows, []any{&level, &n, &hashes}, func() error {
		found[ledger.TileID{Level: int(level), N: uint64(n)}] = hashes
		hashes = nil
		return nil
	})
	return found, err
}

func leafHashes(ctx context.Context, from ledgerQuerier, origin string, tile uint64) ([]byte, error) {
	rows, err := from.Query(ctx, `
		select entry from ledger_entries where origin = $1 and idx >= $2 and idx < $3 order by idx`,
		origin, int64(tile*ledger.TileWidth), int64((tile+1)*ledger.TileWidth))
	if err != nil {
		return nil, err
	}
	var hashes, entry []byte
	_, err = pgx.ForEachRow(rows, []any{&entry}, func() error {
		hash := ledger.LeafHash(entry)
		hashes = append(hashes, hash[:]...)
		return nil
	})
	return hashes, err
}
