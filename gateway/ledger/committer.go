package ledger

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"hash"
	"slices"

	"kapok/crypto/sm"
)

// committer turns entries into their encodings. It keeps what it works with from
// one entry to the next, because a busy log makes hundreds of thousands of
// commitments a second. It belongs to one goroutine.
type committer struct {
	hash   hash.Hash
	input  []byte
	sum    []byte
	salts  []byte
	fields []Field
}

func newCommitter() *committer {
	return &committer{hash: sm.NewHash(), sum: make([]byte, 0, HashSize)}
}

// commit encodes an entry, which was checked, and packs its openings, with fresh
// salts. subject "" concerns nobody.
func (c *committer) commit(entry Entry, subject string) (encoded, packed []byte, err error) {
	c.fields = append(c.fields[:0], entry.Fields...)
	if subject != "" {
		c.fields = append(c.fields, Field{Name: SubjectField, Value: subject})
	}
	slices.SortFunc(c.fields, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	c.salts = slices.Grow(c.salts[:0], saltSize*len(c.fields))[:saltSize*len(c.fields)]
	if _, err := rand.Read(c.salts); err != nil {
		return nil, nil, fmt.Errorf("ledger: salts: %w", err)
	}
	encodedSize, packedSize := c.sizes()
	encoded, err = appendHead(make([]byte, 0, encodedSize), entry.Kind, entry.Ref, entry.At, len(c.fields))
	if err != nil {
		return nil, nil, err
	}
	packed = append(make([]byte, 0, packedSize), openingVersion, byte(len(c.fields)))
	for i, field := range c.fields {
		o := Opening{Name: field.Name, Salt: c.salts[i*saltSize : (i+1)*saltSize], Value: field.Value}
		encoded = append(appendShort(encoded, o.Name), c.commitment(o)...)
		packed = o.pack(packed)
	}
	return encoded, packed, nil
}

// leaf is [LeafHash].
func (c *committer) leaf(encoded []byte) Hash {
	c.hash.Reset()
	c.hash.Write(leafPrefix)
	c.hash.Write(encoded)
	return Hash(c.hash.Sum(c.sum))
}

// sizes are at least what the encodings of the fields take.
func (c *committer) sizes() (encoded, packed int) {
	encoded, packed = 1+1+maxWord+1+refBytes+8+1, 2
	for _, field := range c.fields {
		encoded += 1 + len(field.Name) + HashSize
		packed += 4 + len(field.Name) + saltSize + len(field.Value)
	}
	return encoded, packed
}

// commitment is [Opening.Commitment], valid until the next one.
func (c *committer) commitment(o Opening) []byte {
	c.input = o.committed(c.input[:0])
	c.hash.Reset()
	c.hash.Write(c.input)
	return c.hash.Sum(c.sum)
}
