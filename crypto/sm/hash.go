package sm

import (
	"crypto/hmac"
	"encoding"
	"errors"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	tjfoc "github.com/tjfoc/gmsm/sm3"
)

// Size is the length in bytes of an SM3 digest and of an HMAC-SM3.
const Size = 32

// NewHash returns a new SM3 (GB/T 32905-2016).
func NewHash() hash.Hash { return sm3.New() }

// errState says that a saved state of SM3 is none.
var errState = errors.New("sm: not a saved state of SM3")

// SaveHash returns the state of a hash that [NewHash] made, so that another process
// can go on with it: see [ResumeHash]. It tells the last block of what was hashed, so
// it is to be kept like that.
func SaveHash(h hash.Hash) ([]byte, error) {
	saver, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil, errState
	}
	return saver.MarshalBinary()
}

// ResumeHash goes on where [SaveHash] left off.
func ResumeHash(state []byte) (hash.Hash, error) {
	h := sm3.New()
	resumer, ok := h.(encoding.BinaryUnmarshaler)
	if !ok {
		return nil, errState
	}
	if err := resumer.UnmarshalBinary(state); err != nil {
		return nil, errState
	}
	return h, nil
}

// NewSecondHash returns a new SM3 of the second library, for asking it before anybody
// is told that a file was changed. Call its Sum with nil only: the library hashes what
// it is given there.
func NewSecondHash() hash.Hash { return tjfoc.New() }

// Sum returns the SM3 digest of the concatenation of parts. Where the border
// between parts matters, the caller makes it part of the bytes.
func Sum(parts ...[]byte) [Size]byte {
	h := sm3.New()
	for _, part := range parts {
		h.Write(part)
	}
	var digest [Size]byte
	h.Sum(digest[:0])
	return digest
}

// HMAC returns the HMAC-SM3 (GM/T 0042, RFC 2104 over SM3) of the concatenation
// of parts. Compare results with hmac.Equal.
func HMAC(key []byte, parts ...[]byte) [Size]byte {
	h := hmac.New(sm3.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	var mac [Size]byte
	h.Sum(mac[:0])
	return mac
}

// NewHMAC returns an HMAC-SM3 for many messages under one key: after Reset, the key's
// two blocks need not be hashed again. It is not safe for concurrent use.
func NewHMAC(key []byte) hash.Hash { return hmac.New(sm3.New, key) }
