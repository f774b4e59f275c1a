package sm

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"github.com/emmansun/gmsm/sm4"
)

const (
	// KeySize is the length in bytes of an SM4 key.
	KeySize   = 16
	nonceSize = 12
	tagSize   = 16
)

// NewGCM returns SM4-GCM with a 12-byte nonce and a 16-byte tag, as RFC 8998 has
// it, for protocols that bring their own nonces. A key that is not 16 bytes is
// [ErrKey].
func NewGCM(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, ErrKey
	}
	block, err := sm4.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("sm: sm4: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("sm: gcm: %w", err)
	}
	return aead, nil
}

// SealGCM encrypts with SM4-GCM under a fresh random nonce and returns
// nonce‖ciphertext‖tag, 28 bytes longer than plaintext. aad is bound and not
// stored. One key may seal 2^32 times: beyond, a nonce might repeat.
func SealGCM(key, plaintext, aad []byte) ([]byte, error) {
	aead, err := NewGCM(key)
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, nonceSize, nonceSize+len(plaintext)+tagSize)
	rand.Read(sealed) // never fails: it ends the program instead
	return aead.Seal(sealed, sealed, plaintext, aad), nil
}

// OpenGCM reverses [SealGCM]. Anything changed, cut or of another key or aad is
// [ErrDecrypt].
func OpenGCM(key, sealed, aad []byte) ([]byte, error) {
	aead, err := NewGCM(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < nonceSize+tagSize {
		return nil, ErrDecrypt
	}
	plaintext, err := aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], aad)
	if err != nil {
		return nil, ErrDecrypt
	}
	return plaintext, nil
}
