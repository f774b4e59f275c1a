package ledger

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
)

// stored is what a store keeps of a tree: the tiles that append saves, and the
// leaves, which the entries hold.
type stored struct {
	leaves []Hash
	tiles  map[TileID]Tile
}

func (s *stored) grow(t *tree, leaf Hash) {
	s.leaves = append(s.leaves, leaf)
	t.append(leaf, func(b *block) { s.tiles[b.TileID] = b.tile() })
}

func (s *stored) load(ids []TileID) []Tile {
	tiles := make([]Tile, len(ids))
	for i, id := range ids {
		tiles[i] = s.tiles[id]
		tiles[i].TileID = id
		if id.Level == 0 && tiles[i].Hashes == nil {
			first := min(id.N*TileWidth, uint64(len(s.leaves)))
			for _, leaf := range s.leaves[first:min(first+TileWidth, uint64(len(s.leaves)))] {
				tiles[i].Hashes = append(tiles[i].Hashes, leaf[:]...)
			}
		}
	}
	return tiles
}

func leafAt(i uint64) Hash { return LeafHash(binary.BigEndian.AppendUint64(nil, i)) }

// TestTreeAgainstIndependentTree grows a tree past two levels of tiles, and
// compares root and proofs with transparency-dev/merkle's own.
func TestTreeAgainstIndependentTree(t *testing.T) {
	grown, err := newTree(0, []Tile{{}})
	if err != nil {
		t.Fatal(err)
	}
	kept := &stored{tiles: map[TileID]Tile{}}
	factory := compact.RangeFactory{Hash: hasher{}.HashChildren}
	reference := factory.NewEmptyRange(0)
	random := rand.New(rand.NewPCG(1, 2))
	interesting := map[uint64]bool{1: true, 2: true, 255: true, 256: true, 257: true, 511: true, 512: true, 513: true, 65535: true, 65536: true, 65537: true, 65793: true}
	for size := uint64(1); size <= 65800; {
		before := grown.blocks()
		first := size - 1
		for range 1 + random.Uint64N(300) { // a batch
			leaf := leafAt(size - 1)
			kept.grow(grown, leaf)
			if err := reference.Append(leaf[:], nil); err != nil {
				t.Fatal(err)
			}
			size++
			if interesting[size-1] {
				break
			}
		}
		checkView(t, grown.view(before), reference, first, size-2)
		if random.Uint64N(8) == 0 || interesting[size-1] {
			grown = reload(t, kept, grown.size)
			checkOld(t, kept, grown, random.Uint64N(grown.size))
		}
	}
}

func checkView(t *testing.T, v *view, reference *compact.Range, indices ...uint64) {
	t.Helper()
	want, err := reference.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	root, err := v.root()
	if err != nil || string(root[:]) != string(want) {
		t.Fatalf("size %d: root %x, want %x, %v", v.size, root, want, err)
	}
	for _, index := range indices {
		path, err := v.inclusion(index)
		if err != nil {
			t.Fatalf("size %d, index %d: %v", v.size, index, err)
		}
		leaf := leafAt(index)
		if err := proof.VerifyInclusion(hasher{}, index, v.size, leaf[:], path, want); err != nil {
			t.Fatalf("size %d, index %d: %v", v.size, index, err)
		}
	}
}

func reload(t *testing.T, kept *stored, size uint64) *tree {
	t.Helper()
	ids, _ := EdgeTiles(size)
	loaded, err := newTree(size, kept.load(ids))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// checkOld proves an old leaf in the tree of an old size, from tiles that have
// grown since.
func checkOld(t *testing.T, kept *stored, grown *tree, index uint64) {
	t.Helper()
	size := index + 1 + rand.Uint64N(grown.size-index)
	ids, err := proofTiles(index, size)
	if err != nil {
		t.Fatal(err)
	}
	v := &view{size: size}
	for _, tile := range kept.load(ids) {
		loaded, err := blockOf(tile)
		if err != nil {
			t.Fatal(err)
		}
		v.blocks = append(v.blocks, loaded)
	}
	path, err := v.inclusion(index)
	if err != nil {
		t.Fatal(err)
	}
	reference := (&compact.RangeFactory{Hash: hasher{}.HashChildren}).NewEmptyRange(0)
	for _, leaf := range kept.leaves[:size] {
		if err := reference.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
	}
	root, err := reference.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaf := leafAt(index)
	if err := proof.VerifyInclusion(hasher{}, index, size, leaf[:], path, root); err != nil {
		t.Fatalf("old leaf %d in the tree of %d: %v", index, size, err)
	}
}

func TestEmptyTreeHasTheHashOfNothing(t *testing.T) {
	empty, err := newTree(0, []Tile{{}})
	if err != nil {
		t.Fatal(err)
	}
	root, err := empty.view(nil).root()
	if got := fmt.Sprintf("%x", root); err != nil || got != "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b" { // SM3("")
		t.Fatalf("root %s, %v", got, err)
	}
}

func TestTreeRefusesAnEdgeThatDoesNotFit(t *testing.T) {
	full := make([]byte, TileWidth*HashSize)
	for name, edge := range map[string][]Tile{
		"none":      nil,
		"too short": {{Hashes: full[:2*HashSize]}},
		"odd bytes": {{Hashes: full[:3*HashSize+1]}, {}},
		"elsewhere": {{TileID: TileID{0, 1}, Hashes: full}},
	} {
		if _, err := newTree(3, edge); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
