package ledger

import (
	"fmt"
	"slices"

	"github.com/transparency-dev/merkle/compact"
)

// TileWidth is how many hashes a full tile holds; a tile spans 8 levels.
const (
	TileWidth  = 256
	tileHeight = 8
)

// TileID names a tile: at level L, tile N holds the hashes of the nodes
// N·256 … N·256+255 of the tree's level 8·L.
type TileID struct {
	Level int
	N     uint64
}

// Tile is a tile's hashes, one after the other; a tile at the right edge has
// fewer than 256.
type Tile struct {
	TileID
	Hashes []byte // a multiple of 32 bytes
}

// block is a tile in memory with the nodes above its hashes as far as they are
// complete. A hash once written is never written again, so that a reader who
// knows which nodes are complete needs no lock.
type block struct {
	TileID
	width int // hashes present; of the writer alone
	nodes [2*TileWidth - 1]Hash
}

// add appends a hash and completes the nodes that it completes.
func (b *block) add(hash Hash) {
	offset, span, at := 0, TileWidth, b.width
	b.nodes[at] = hash
	for at&1 == 1 {
		above := nodeHash(&b.nodes[offset+at-1], &b.nodes[offset+at])
		offset, span, at = offset+span, span/2, at/2
		b.nodes[offset+at] = above
	}
	b.width++
}

// node returns the complete node at height (0 to 7) above the hashes.
func (b *block) node(height uint, at uint64) Hash {
	offset := 2*TileWidth - 2*TileWidth>>height
	return b.nodes[offset+int(at)]
}

func (b *block) root() Hash { return b.nodes[2*TileWidth-2] }

func (b *block) tile() Tile {
	hashes := make([]byte, 0, b.width*HashSize)
	for i := range b.width {
		hashes = append(hashes, b.nodes[i][:]...)
	}
	return Tile{b.TileID, hashes}
}

// blockOf loads a tile.
func blockOf(tile Tile) (*block, error) {
	if len(tile.Hashes)%HashSize != 0 || len(tile.Hashes) > TileWidth*HashSize {
		return nil, fmt.Errorf("ledger: tile %d/%d has %d bytes", tile.Level, tile.N, len(tile.Hashes))
	}
	loaded := &block{TileID: tile.TileID}
	for hash := range slices.Chunk(tile.Hashes, HashSize) {
		loaded.add(Hash(hash))
	}
	return loaded, nil
}

// tree is the right edge of a log: of each level of tiles the one that grows. It
// is all that appending needs, whatever the log's size.
type tree struct {
	size  uint64
	edge  []*block
	since []*block // blocks that were begun since the last view
}

// EdgeTiles lists the tiles at the right edge of a tree of that size, lowest
// level first, and how many hashes of each belong to it.
func EdgeTiles(size uint64) (ids []TileID, widths []int) {
	for level := 0; level == 0 || size>>(tileHeight*level) > 0; level++ {
		hashes := size >> (tileHeight * level)
		ids = append(ids, TileID{level, hashes / TileWidth})
		widths = append(widths, int(hashes%TileWidth))
	}
	return ids, widths
}

// newTree continues a log from its edge, as [EdgeTiles] lists it.
func newTree(size uint64, edge []Tile) (*tree, error) {
	ids, widths := EdgeTiles(size)
	if len(edge) != len(ids) {
		return nil, fmt.Errorf("ledger: %d edge tiles for a log of %d entries", len(edge), size)
	}
	t := &tree{size: size}
	for i, tile := range edge {
		if tile.TileID != ids[i] || len(tile.Hashes) < widths[i]*HashSize {
			return nil, fmt.Errorf("ledger: edge tile %d/%d does not fit a log of %d entries", tile.Level, tile.N, size)
		}
		tile.Hashes = tile.Hashes[:widths[i]*HashSize]
		loaded, err := blockOf(tile)
		if err != nil {
			return nil, err
		}
		t.edge = append(t.edge, loaded)
	}
	return t, nil
}

// append adds a leaf. Tiles that are to be stored are handed to save: full ones
// of the lowest level, and those above whenever they grow. (The lowest level's
// unfinished tile is in the entries themselves.)
func (t *tree) append(leaf Hash, save func(*block)) {
	t.size++
	for level, hash := 0, leaf; ; level++ {
		if level == len(t.edge) {
			t.begin(level, 0)
		}
		grown := t.edge[level]
		grown.add(hash)
		full := grown.width == TileWidth
		if full || level > 0 {
			save(grown)
		}
		if !full {
			return
		}
		hash = grown.root()
		t.begin(level, grown.N+1)
	}
}

func (t *tree) begin(level int, n uint64) {
	fresh := &block{TileID: TileID{level, n}}
	t.since = append(t.since, fresh)
	if level == len(t.edge) {
		t.edge = append(t.edge, fresh)
		return
	}
	t.edge[level] = fresh
}

// mark is where a tree stood.
type mark struct {
	size   uint64
	edge   []*block
	widths []int
}

func (t *tree) mark() mark {
	m := mark{size: t.size, edge: slices.Clone(t.edge)}
	for _, grown := range t.edge {
		m.widths = append(m.widths, grown.width)
	}
	return m
}

// back forgets what was appended since; no view of it may have been handed out.
func (t *tree) back(to mark) {
	t.size, t.edge, t.since = to.size, to.edge, nil
	for i, width := range to.widths {
		t.edge[i].width = width
	}
}

// view is a tree of a fixed size, with as many of its tiles as somebody needs. It
// does not change, and may be read while the log goes on.
type view struct {
	size   uint64
	blocks []*block
}

// blocks are those that a batch touches: take them before it, and add after it
// those that were begun.
func (t *tree) blocks() []*block {
	t.since = nil
	return slices.Clone(t.edge)
}

func (t *tree) view(before []*block) *view {
	return &view{size: t.size, blocks: append(before, t.since...)}
}

// node finds a complete node of the tree.
func (v *view) node(id compact.NodeID) (Hash, error) {
	tile, height := tileOf(id)
	for _, b := range v.blocks {
		if b.TileID == tile {
			first := tile.N * TileWidth >> height
			return b.node(height, id.Index-first), nil
		}
	}
	return Hash{}, fmt.Errorf("ledger: tile %d/%d is not at hand", tile.Level, tile.N)
}

// tileOf names the tile that a node is in, and the node's height above the
// tile's hashes.
func tileOf(id compact.NodeID) (TileID, uint) {
	level, height := id.Level/tileHeight, id.Level%tileHeight
	return TileID{int(level), id.Index << height / TileWidth}, height
}
