package ledger

import (
	"fmt"
	"slices"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
)

// root computes the root of the view's tree; that of an empty one is SM3 of nothing.
func (v *view) root() (Hash, error) {
	if v.size == 0 {
		return Hash(hasher{}.EmptyRoot()), nil
	}
	ids := compact.RangeNodes(0, v.size, nil)
	root, err := v.node(ids[len(ids)-1])
	if err != nil {
		return Hash{}, err
	}
	for _, id := range slices.Backward(ids[:len(ids)-1]) {
		left, err := v.node(id)
		if err != nil {
			return Hash{}, err
		}
		root = nodeHash(&left, &root)
	}
	return root, nil
}

// inclusion proves that the leaf at index is in the view's tree (RFC 6962 §2.1.1).
func (v *view) inclusion(index uint64) ([][]byte, error) {
	nodes, err := proof.Inclusion(index, v.size)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		hash, err := v.node(id)
		if err != nil {
			return nil, err
		}
		hashes[i] = hash[:]
	}
	return nodes.Rehash(hashes, hasher{}.HashChildren)
}

// proofTiles lists the tiles that an inclusion proof reads, each once.
func proofTiles(index, size uint64) ([]TileID, error) {
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	var tiles []TileID
	for _, id := range nodes.IDs {
		if tile, _ := tileOf(id); !slices.Contains(tiles, tile) {
			tiles = append(tiles, tile)
		}
	}
	return tiles, nil
}
