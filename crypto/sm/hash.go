package sm

import (
	"crypto/hmac"
	"hash"

	"github.com/emmansun/gmsm/sm3"
)

// Size is the length in bytes of an SM3 digest and of an HMAC-SM3.
const Size = 32

// NewHash returns a new SM3 (GB/T 32905-2016).
func NewHash() hash.Hash { return sm3.New() }

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
