package keys

import (
	"crypto/cipher"
	"crypto/rand"
	"hash"

	"kapok/crypto/sm"
)

const joinDomain = "kapok/person-key/join/v1\x00"

// Join returns a key that needs both k and other: HMAC-SM3 of other and context under
// k, cut to 16 bytes. Once either is gone, so is the joined one.
func (k *PersonKey) Join(other *PersonKey, context []byte) *PersonKey {
	mac := sm.HMAC(k.key, []byte(joinDomain), other.key, context)
	return &PersonKey{mac[:sm.KeySize:sm.KeySize]}
}

// MAC returns an HMAC-SM3 under the key, for many messages; k is then used for nothing
// else.
func (k *PersonKey) MAC() hash.Hash { return sm.NewHMAC(k.key) }

// Sealer seals many values under one key. It is not safe for concurrent use.
type Sealer struct {
	aead   cipher.AEAD
	nonces []byte // random, not yet used
}

// nonceStock is how many bytes of random a [Sealer] draws at a time.
const nonceStock = 24

// Sealer prepares the key once for the values of one row, say.
func (k *PersonKey) Sealer() (*Sealer, error) {
	aead, err := sm.NewGCM(k.key)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: aead}, nil
}

// Append appends to out what [PersonKey.Seal] would return.
func (s *Sealer) Append(out, plaintext, context []byte) []byte {
	size := s.aead.NonceSize()
	if len(s.nonces) < size {
		s.nonces = make([]byte, nonceStock)
		rand.Read(s.nonces) // never fails: it ends the program instead
	}
	nonce := s.nonces[:size]
	s.nonces = s.nonces[size:]
	return s.aead.Seal(append(out, nonce...), nonce, plaintext, context)
}
