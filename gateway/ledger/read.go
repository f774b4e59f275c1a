package ledger

import (
	"context"
	"errors"
	"fmt"

	"kapok/gateway"
)

// SealedAt returns an entry sealed at any time by any node, with the checkpoint
// that sealed it. An entry that is not there is NotFound, ledger-entry-unknown.
func SealedAt(ctx context.Context, archive Archive, origin string, index uint64) (Sealed, error) {
	stored, err := archive.Stored(ctx, origin, index)
	if errors.Is(err, ErrNoEntry) {
		return Sealed{}, gateway.Fail(gateway.NotFound, "ledger-entry-unknown", "There is no such entry in the ledger.")
	}
	if err != nil {
		return Sealed{}, err
	}
	head, err := ParseCheckpoint(stored.Checkpoint)
	if err != nil {
		return Sealed{}, fmt.Errorf("ledger: the checkpoint of %s after entry %d: %w", origin, index, err)
	}
	entry, err := stored.open()
	if err != nil {
		return Sealed{}, err
	}
	tree, err := loadView(ctx, archive, origin, index, head.Size)
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{
		Entry: entry, Origin: origin, Index: index, Size: head.Size, Checkpoint: stored.Checkpoint,
		evidence: &evidence{
			entry: stored.Entry, packed: stored.Openings, index: index,
			checkpoint: stored.Checkpoint, chain: stored.Chain, tree: tree,
		},
	}, nil
}

// ReceiptAt writes the receipt of an entry sealed at any time, as [Sealed.Receipt]
// does.
func ReceiptAt(ctx context.Context, archive Archive, origin string, index uint64, disclose func(name string) bool) ([]byte, error) {
	sealed, err := SealedAt(ctx, archive, origin, index)
	if err != nil {
		return nil, err
	}
	return sealed.Receipt(disclose)
}

func (s Stored) open() (Entry, error) {
	if len(s.Chain) < 2 {
		return Entry{}, errors.New("ledger: the certificates of a stored checkpoint are missing")
	}
	return OpenEntry(s.Entry, s.Openings)
}

// OpenEntry reads a stored entry with those of its fields that were not erased, in
// ascending order of their names. packed may be nil. A value that is not the one
// committed to is an error: somebody altered it.
func OpenEntry(encoded, packed []byte) (Entry, error) {
	leaf, err := ParseLeaf(encoded)
	if err != nil {
		return Entry{}, err
	}
	openings, err := unpack(packed)
	if err != nil {
		return Entry{}, err
	}
	entry := Entry{Kind: leaf.Kind, Ref: leaf.Ref, At: leaf.At}
	for _, o := range openings {
		if committed, found := leaf.commitment(o.Name); !found || committed != o.Commitment() {
			return Entry{}, fmt.Errorf("ledger: the stored value of field %s is not the one that the entry commits to", o.Name)
		}
		entry.Fields = append(entry.Fields, Field{Name: o.Name, Value: o.Value})
	}
	return entry, nil
}

// loadView reads the few tiles that one proof needs. A tile may have grown since;
// the nodes that were complete then are what they were.
func loadView(ctx context.Context, archive Archive, origin string, index, size uint64) (*view, error) {
	ids, err := proofTiles(index, size)
	if err != nil {
		return nil, err
	}
	tiles, err := archive.Tiles(ctx, origin, ids)
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
