package ledger

import (
	"hash"
	"math/bits"

	"kapok/crypto/sm"
)

// peaks are the roots of the complete subtrees that a tree of some size consists
// of: what a reader of a whole log keeps of all that it has read. They hash with
// one state, and belong to one goroutine.
type peaks struct {
	size uint64
	at   [64]Hash // by height; those of the bits of size are in use

	hash  hash.Hash
	sum   Hash // what hash is asked to write into, so that it need not be allocated
	input [1 + 2*HashSize]byte
}

func newPeaks() *peaks { return &peaks{hash: sm.NewHash()} }

// add appends a subtree of 2^height leaves; size is a multiple of that.
func (p *peaks) add(height int, root Hash) {
	level := height
	for p.size>>level&1 == 1 {
		root = p.node(&p.at[level], &root)
		level++
	}
	p.at[level] = root
	p.size += 1 << height
}

func (p *peaks) leaf(encoded []byte) Hash {
	p.hash.Reset()
	p.hash.Write(leafPrefix)
	p.hash.Write(encoded)
	p.hash.Sum(p.sum[:0])
	return p.sum
}

func (p *peaks) node(left, right *Hash) Hash {
	input := append(p.input[:0], nodePrefix...)
	input = append(append(input, left[:]...), right[:]...)
	p.hash.Reset()
	p.hash.Write(input)
	p.hash.Sum(p.sum[:0])
	return p.sum
}

// root is that of the tree; of an empty one it is SM3 of nothing.
func (p *peaks) root() Hash {
	if p.size == 0 {
		return Hash(hasher{}.EmptyRoot())
	}
	lowest := bits.TrailingZeros64(p.size)
	return p.above(lowest+1, p.at[lowest])
}

// above is the root of the tree whose peaks are those of at least that height, and
// then root.
func (p *peaks) above(height int, root Hash) Hash {
	for level := height; level < bits.Len64(p.size); level++ {
		if p.size>>level&1 == 1 {
			root = p.node(&p.at[level], &root)
		}
	}
	return root
}

// peaksOf takes up a tree of that size from its peaks, from left to right.
func peaksOf(size uint64, list [][]byte) (*peaks, bool) {
	if len(list) != bits.OnesCount64(size) {
		return nil, false
	}
	p := newPeaks()
	p.size = size
	for level := bits.Len64(size) - 1; level >= 0; level-- {
		if size>>level&1 == 0 {
			continue
		}
		if len(list[0]) != HashSize {
			return nil, false
		}
		p.at[level], list = Hash(list[0]), list[1:]
	}
	return p, true
}
