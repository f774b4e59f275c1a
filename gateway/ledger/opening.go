package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"

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
func (o Opening) Commitment() Hash { return sm.Sum(o.committed(nil)) }

// committed appends the bytes whose hash is the commitment.
func (o Opening) committed(out []byte) []byte {
	out = append(out, fieldDomain...)
	out = appendShort(out, o.Name)
	out = append(append(out, byte(len(o.Salt))), o.Salt...)
	return append(out, o.Value...)
}

func (o Opening) check() error {
	if len(o.Salt) < minSalt || len(o.Salt) > maxSalt {
		return fmt.Errorf("ledger: a salt has %d to %d bytes", minSalt, maxSalt)
	}
	return Field{Name: o.Name, Value: o.Value}.check()
}

// pack writes the opening as a store keeps it: openingVersion, the number of
// openings, and these one after the other.
func (o Opening) pack(out []byte) []byte {
	out = appendShort(out, o.Name)
	out = append(append(out, byte(len(o.Salt))), o.Salt...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(o.Value)))
	return append(out, o.Value...)
}

// DecodeOpenings reads the openings of one entry as a store keeps them. An erased
// field is missing.
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
