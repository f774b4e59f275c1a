package ledger

import (
	"context"
	"slices"

	"github.com/transparency-dev/merkle/compact"
)

// tileSource is what keeps the tiles of logs.
type tileSource interface {
	Tiles(ctx context.Context, origin string, ids []TileID) ([]Tile, error)
}

// viewOf reads the tiles in which the nodes are. A tile may have grown since the
// tree had that size; the nodes that were complete then are what they were.
func viewOf(ctx context.Context, from tileSource, origin string, size uint64, nodes []compact.NodeID) (*view, error) {
	var ids []TileID
	for _, id := range nodes {
		if tile, _ := tileOf(id); !slices.Contains(ids, tile) {
			ids = append(ids, tile)
		}
	}
	tiles, err := from.Tiles(ctx, origin, ids)
	if err != nil {
		return nil, err
	}
	v := &view{size: size}
	for _, tile := range tiles {
		loaded, err := blockOf(tile)
		if err != nil {
			return nil, err
		}
		v.blocks = append(v.blocks, loaded)
	}
	return v, nil
}

// nodesAt reads complete nodes of a tree of that size.
func nodesAt(ctx context.Context, from tileSource, origin string, size uint64, ids []compact.NodeID) ([]Hash, error) {
	v, err := viewOf(ctx, from, origin, size, ids)
	if err != nil {
		return nil, err
	}
	nodes := make([]Hash, len(ids))
	for i, id := range ids {
		if nodes[i], err = v.node(id); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}
