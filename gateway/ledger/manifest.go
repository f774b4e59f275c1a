package ledger

import (
	"bytes"
	"errors"
	"fmt"
)

// The files of an exported log (FORMAT.md §11).
const (
	manifestName = "manifest.json"
	keysName     = "keys.json"

	manifestKind    = "kapok-log"
	manifestVersion = 1
	keysKind        = "kapok-log-keys"
	keysVersion     = 1

	maxManifest = 64 << 20 // bytes; also of the keys
)

func entriesName(chunk uint64) string     { return fmt.Sprintf("entries/%012d.bin", chunk) }
func checkpointsName(chunk uint64) string { return fmt.Sprintf("checkpoints/%012d.txt", chunk) }

// manifest says what an exported log consists of. Nobody signs it: what it says of
// the tree is computed again, and its sums say which file was damaged.
type manifest struct {
	Chunks  []manifestChunk `json:"chunks"`
	First   uint64          `json:"first"` // index of the first entry, a multiple of ChunkEntries
	Keys    []byte          `json:"keys"`  // SM3 of the file of keys
	Kind    string          `json:"kind"`
	Left    [][]byte        `json:"left"` // peaks of the tree of the entries before the first, from left to right
	Origin  string          `json:"origin"`
	Size    uint64          `json:"size"` // of the last checkpoint: the index after the last entry
	Version int             `json:"v"`
}

// manifestChunk are the SM3 of a chunk's files, and the root of its subtree.
type manifestChunk struct {
	Checkpoints []byte `json:"checkpoints"`
	Entries     []byte `json:"entries"`
	Root        []byte `json:"root"`
}

func (m manifest) encode() []byte {
	out := appendJSONList([]byte(`{"chunks":`), m.Chunks, appendChunk)
	out = appendJSONNumber(append(out, `,"first":`...), m.First)
	out = appendJSONBytes(append(out, `,"keys":`...), m.Keys)
	out = AppendJSONString(append(out, `,"kind":`...), m.Kind)
	out = appendJSONByteses(append(out, `,"left":`...), m.Left)
	out = AppendJSONString(append(out, `,"origin":`...), m.Origin)
	out = appendJSONNumber(append(out, `,"size":`...), m.Size)
	out = appendJSONNumber(append(out, `,"v":`...), uint64(m.Version))
	return append(out, '}')
}

func appendChunk(out []byte, c manifestChunk) []byte {
	out = appendJSONBytes(append(out, `{"checkpoints":`...), c.Checkpoints)
	out = appendJSONBytes(append(out, `,"entries":`...), c.Entries)
	out = appendJSONBytes(append(out, `,"root":`...), c.Root)
	return append(out, '}')
}

func parseManifest(raw []byte) (manifest, error) {
	var m manifest
	if err := decodeStrictly(raw, &m); err != nil {
		return manifest{}, err
	}
	if m.Kind != manifestKind || m.Version != manifestVersion || !bytes.Equal(m.encode(), raw) {
		return manifest{}, fmt.Errorf("it is not canonical JSON of kind %s, version %d", manifestKind, manifestVersion)
	}
	return m, m.check()
}

func (m manifest) check() error {
	if !originFits(m.Origin) {
		return errors.New("its origin breaks the rule of origins")
	}
	if m.First%ChunkEntries != 0 || m.Size <= m.First || m.Size > maxJSONNumber {
		return fmt.Errorf("its range does not begin at a multiple of %d, or is empty", ChunkEntries)
	}
	if _, ok := peaksOf(m.First, m.Left); !ok {
		return errors.New("its peaks on the left are not those of a tree of that size")
	}
	if uint64(len(m.Chunks)) != (m.Size-m.First+ChunkEntries-1)/ChunkEntries {
		return errors.New("it has not as many chunks as its range needs")
	}
	for _, c := range m.Chunks {
		if len(c.Checkpoints) != HashSize || len(c.Entries) != HashSize || len(c.Root) != HashSize {
			return errors.New("a hash in it has not 32 bytes")
		}
	}
	return nil
}

// chunk is the number of the i-th chunk of the export, within the whole log.
func (m manifest) chunk(i int) uint64 { return m.First/ChunkEntries + uint64(i) }

// span is the range of indices that a chunk's entries have.
func (m manifest) span(chunk uint64) (first, end uint64) {
	return chunk * ChunkEntries, min((chunk+1)*ChunkEntries, m.Size)
}

// KeyChain are the certificates of an operational key: its own first, the root left
// out; DER.
type KeyChain struct {
	Chain [][]byte `json:"chain"`
	Key   string   `json:"key"` // as a checkpoint's signature line names it
}

func appendKeyChain(out []byte, k KeyChain) []byte {
	out = appendJSONByteses(append(out, `{"chain":`...), k.Chain)
	out = AppendJSONString(append(out, `,"key":`...), k.Key)
	return append(out, '}')
}

// logKeys are the keys that signed the checkpoints of an exported log, in the order
// of their first use.
type logKeys struct {
	Keys    []KeyChain `json:"keys"`
	Kind    string     `json:"kind"`
	Version int        `json:"v"`
}

func (k logKeys) encode() []byte {
	out := appendJSONList([]byte(`{"keys":`), k.Keys, appendKeyChain)
	out = AppendJSONString(append(out, `,"kind":`...), k.Kind)
	out = appendJSONNumber(append(out, `,"v":`...), uint64(k.Version))
	return append(out, '}')
}

func parseLogKeys(raw []byte) (logKeys, error) {
	var k logKeys
	if err := decodeStrictly(raw, &k); err != nil {
		return logKeys{}, err
	}
	if k.Kind != keysKind || k.Version != keysVersion || !bytes.Equal(k.encode(), raw) {
		return logKeys{}, fmt.Errorf("it is not canonical JSON of kind %s, version %d", keysKind, keysVersion)
	}
	return k, nil
}
