package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
)

// Exported is an exported log to prove from. It believes the folder's manifest;
// whoever gets a proof checks it against signed checkpoints.
type Exported struct {
	Origin string
	Size   uint64
	Keys   []KeyChain

	folder   fs.FS
	manifest manifest
	left     []Hash
	leaves   map[uint64][]Hash // by chunk: those of the chunk read last
}

// OpenExport reads the manifest and the keys of an exported log.
func OpenExport(folder fs.FS) (*Exported, error) {
	raw, err := readBounded(folder, manifestName)
	if err != nil {
		return nil, fmt.Errorf("ledger: %s: %w", manifestName, err)
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("ledger: %s: %w", manifestName, err)
	}
	if raw, err = readBounded(folder, keysName); err != nil {
		return nil, fmt.Errorf("ledger: %s: %w", keysName, err)
	}
	keys, err := parseLogKeys(raw)
	if err != nil {
		return nil, fmt.Errorf("ledger: %s: %w", keysName, err)
	}
	e := &Exported{Origin: m.Origin, Size: m.Size, Keys: keys.Keys, folder: folder, manifest: m}
	for _, peak := range m.Left {
		e.left = append(e.left, Hash(peak))
	}
	return e, nil
}

// Last returns the last checkpoint.
func (e *Exported) Last() (string, error) {
	file, err := e.folder.Open(checkpointsName((e.Size - 1) / ChunkEntries))
	if err != nil {
		return "", err
	}
	defer file.Close()
	notes, last := newNoteReader(file), ""
	for {
		printed, err := notes.next()
		if errors.Is(err, io.EOF) {
			return last, nil
		}
		if err != nil {
			return "", err
		}
		last = printed
	}
}

// Prove makes the proof that the tree of size to contains the one of size from.
func (e *Exported) Prove(from, to uint64) ([][]byte, error) {
	if from == 0 || from == to {
		return nil, nil
	}
	if from > to || from < e.manifest.First || to > e.Size {
		return nil, fmt.Errorf("ledger: the export has no proof from %d to %d", from, to)
	}
	nodes, err := proof.Consistency(from, to)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	hashes := make([]Hash, len(nodes.IDs))
	for i, id := range nodes.IDs {
		if hashes[i], err = e.node(id); err != nil {
			return nil, err
		}
	}
	return nodes.Rehash(slicesOf(hashes), hasher{}.HashChildren)
}

// node computes a complete node: of whole chunks from their roots, within a chunk
// from its entries, before the range from what is on its left.
func (e *Exported) node(id compact.NodeID) (Hash, error) {
	first := id.Index << id.Level
	if first < e.manifest.First {
		return e.leftNode(id)
	}
	if id.Level >= chunkHeight {
		tree, chunk := newPeaks(), e.manifest.chunk(0)
		for at := first / ChunkEntries; at < (first+1<<id.Level)/ChunkEntries; at++ {
			tree.add(0, Hash(e.manifest.Chunks[at-chunk].Root))
		}
		return tree.root(), nil
	}
	leaves, err := e.chunkLeaves(first / ChunkEntries)
	if err != nil {
		return Hash{}, err
	}
	at := first % ChunkEntries
	if at+1<<id.Level > uint64(len(leaves)) {
		return Hash{}, errors.New("ledger: a chunk of the export is shorter than its manifest says")
	}
	tree := newPeaks()
	for _, leaf := range leaves[at : at+1<<id.Level] {
		tree.add(0, leaf)
	}
	return tree.root(), nil
}

// leftNode finds a peak of what lies before the range.
func (e *Exported) leftNode(id compact.NodeID) (Hash, error) {
	at, first := 0, uint64(0)
	for level := bits.Len64(e.manifest.First) - 1; level >= 0; level-- {
		if e.manifest.First>>level&1 == 0 {
			continue
		}
		if uint64(id.Level) == uint64(level) && id.Index == first>>level {
			return e.left[at], nil
		}
		at, first = at+1, first+1<<level
	}
	return Hash{}, errors.New("ledger: the proof needs what lies before the range of the export")
}

func (e *Exported) chunkLeaves(chunk uint64) ([]Hash, error) {
	if leaves, read := e.leaves[chunk]; read {
		return leaves, nil
	}
	file, err := e.folder.Open(entriesName(chunk))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	first, end := e.manifest.span(chunk)
	entries, err := newEntryReader(file, first)
	if err != nil {
		return nil, err
	}
	tree, leaves := newPeaks(), make([]Hash, 0, end-first)
	for range end - first {
		encoded, err := entries.next()
		if err != nil {
			return nil, fmt.Errorf("ledger: %s: %w", entriesName(chunk), err)
		}
		leaves = append(leaves, tree.leaf(encoded))
	}
	e.leaves = map[uint64][]Hash{chunk: leaves}
	return leaves, nil
}

// Since is the last checkpoint with its key's certificates, and the proof that it
// continues the tree of that size, where the export is longer.
func (e *Exported) Since(size uint64) (Consistency, error) {
	last, err := e.Last()
	if err != nil {
		return Consistency{}, err
	}
	n, err := parseNote(last)
	if err != nil {
		return Consistency{}, fmt.Errorf("ledger: the last checkpoint of the export: %w", err)
	}
	chain, err := n.keyChain(e.Keys)
	if err != nil {
		return Consistency{}, fmt.Errorf("ledger: the last checkpoint of the export: %w", err)
	}
	c := Consistency{
		Checkpoint: last, From: size, Keys: []KeyChain{{Chain: chain, Key: n.name}},
		Kind: consistencyKind, Version: consistencyVersion,
	}
	if size > 0 && size < e.Size {
		c.Proof, err = e.Prove(size, e.Size)
	}
	return c, err
}
