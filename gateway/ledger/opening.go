package ledger

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"kapok/crypto/sm"
)

// Opening shows one field: who holds it can check the value against the
// commitment in the entry. Without it, nobody can guess even a value of few
// possibilities, because of the salt.
type Opening struct {
	Name  string
	Salt  []byte // 16 to 32 random bytes, of this field alone
	Value string
}

const (
	fieldDomain    = "kapok/field/v1\x00"
	saltSize       = 16
	minSalt        = 16
	maxSalt        = 32
	openingVersion = 1
)

// Commitment computes what the entry holds in the opening's place (FORMAT.md §2).
func (o Opening) Commitment() Hash {
	out := make([]byte, 0, len(fieldDomain)+2+len(o.Name)+len(o.Salt)+len(o.Value))
	out = append(out, fieldDomain...)
	out = appendShort(out, o.Name)
	out = append(out, byte(len(o.Salt)))
	out = append(out, o.Salt...)
	out = append(out, o.Value...)
	return sm.Sum(out)
}

func (o Opening) check() error {
	if len(o.Salt) < minSalt || len(o.Salt) > maxSalt {
		return fmt.Errorf("ledger: a salt has %d to %d bytes", minSalt, maxSalt)
	}
	return Field{Name: o.Name, Value: o.Value}.check()
}

// commit encodes an entry, which was checked, with fresh salts. subject ""
// concerns nobody.
func commit(entry Entry, subject string) (encoded []byte, openings []Opening, err error) {
	fields := slices.Clone(entry.Fields)
	if subject != "" {
		fields = append(fields, Field{Name: SubjectField, Value: subject})
	}
	slices.SortFunc(fields, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	salts := make([]byte, saltSize*len(fields))
	if _, err := rand.Read(salts); err != nil {
		return nil, nil, fmt.Errorf("ledger: salts: %w", err)
	}
	leaf := Leaf{Kind: entry.Kind, Ref: entry.Ref, At: entry.At, Commitments: make([]Commitment, len(fields))}
	openings = make([]Opening, len(fields))
	for i, field := range fields {
		openings[i] = Opening{Name: field.Name, Salt: salts[i*saltSize : (i+1)*saltSize], Value: field.Value}
		leaf.Commitments[i] = Commitment{Name: field.Name, Hash: openings[i].Commitment()}
	}
	encoded, err = leaf.encode()
	return encoded, openings, err
}

// EncodeOpenings packs the openings of one entry for a store.
func EncodeOpenings(openings []Opening) []byte {
	size := 2
	for _, o := range openings {
		size += 4 + len(o.Name) + len(o.Salt) + len(o.Value)
	}
	out := append(make([]byte, 0, size), openingVersion, byte(len(openings)))
	for _, o := range openings {
		out = appendShort(out, o.Name)
		out = appendShort(out, string(o.Salt))
		out = binary.BigEndian.AppendUint16(out, uint16(len(o.Value)))
		out = append(out, o.Value...)
	}
	return out
}

// DecodeOpenings reads what [EncodeOpenings] packed. An erased field is missing.
func DecodeOpenings(packed []byte) ([]Opening, error) {
	r := reader{rest: packed}
	if r.byte() != openingVersion {
		return nil, errors.New("ledger: openings of an unknown version")
	}
	openings := make([]Opening, 0, maxFields)
	for range r.byte() {
		openings = append(openings, Opening{Name: string(r.short()), Salt: r.short(), Value: string(r.long())})
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("ledger: openings: %w", err)
	}
	for _, o := range openings {
		if err := o.check(); err != nil {
			return nil, err
		}
	}
	return openings, nil
}
