package ledger

import "kapok/crypto/sm"

// HashSize is the length of an SM3 hash in bytes.
const HashSize = 32

// Hash is an SM3 hash: of a leaf, of a node of the tree, or a commitment.
type Hash = [HashSize]byte

// The prefixes keep a leaf from passing for a node (RFC 6962 §2.1). Never written.
var (
	leafPrefix = []byte{0}
	nodePrefix = []byte{1}
)

// LeafHash is the hash of an encoded entry in the tree: SM3(0x00 ‖ entry).
func LeafHash(encoded []byte) Hash { return sm.Sum(leafPrefix, encoded) }

func nodeHash(left, right *Hash) Hash { return sm.Sum(nodePrefix, left[:], right[:]) }

// hasher is the tree's hash as transparency-dev/merkle wants it.
type hasher struct{}

func (hasher) EmptyRoot() []byte           { root := sm.Sum(); return root[:] }
func (hasher) HashLeaf(leaf []byte) []byte { hash := LeafHash(leaf); return hash[:] }
func (hasher) Size() int                   { return HashSize }

func (hasher) HashChildren(left, right []byte) []byte {
	hash := sm.Sum(nodePrefix, left, right)
	return hash[:]
}
