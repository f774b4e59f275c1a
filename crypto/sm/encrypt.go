package sm

import (
	"crypto/rand"
	"fmt"
	"io"

	"github.com/emmansun/gmsm/sm2"
)

// maxPlaintext bounds what one SM2 encryption takes. SM2 is for keys and short
// fields; anything longer is sealed with SM4 under a key that SM2 encrypts.
const maxPlaintext = 1 << 20

// Encrypt encrypts plaintext, 1 byte to 1 MiB, to pub (GB/T 32918.4-2016 §6.1).
func Encrypt(pub *PublicKey, plaintext []byte, format Format) ([]byte, error) {
	if len(plaintext) == 0 || len(plaintext) > maxPlaintext {
		return nil, ErrPlaintext
	}
	if !format.known() {
		return nil, ErrEncoding
	}
	for {
		random := &countedReader{from: rand.Reader}
		plain, err := sm2.Encrypt(random, pub.fast, plaintext, sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2))
		if err != nil {
			return nil, fmt.Errorf("sm: encrypt: %w", err)
		}
		// When the derived key stream is all zero (one plaintext byte: 1 in 256)
		// the standard starts over at step A1. The library does so with a key it
		// has overwritten, and its second ciphertext never decrypts. It reads
		// randomness once per try, so a second read tells: try afresh ourselves.
		if random.reads > 1 {
			continue
		}
		return splitPlain(plain).join(format), nil
	}
}

// Decrypt reverses [Encrypt]. The format is the caller's to know; a ciphertext in
// another one, or any flaw, is [ErrDecrypt].
func (priv *PrivateKey) Decrypt(ciphertext []byte, format Format) ([]byte, error) {
	parts, err := parseCiphertext(ciphertext, format)
	if err != nil {
		return nil, err
	}
	plaintext, err := priv.key.Decrypt(nil, parts.join(C1C3C2), sm2.NewPlainDecrypterOpts(sm2.C1C3C2))
	if err != nil {
		return nil, ErrDecrypt
	}
	return plaintext, nil
}

type countedReader struct {
	from  io.Reader
	reads int
}

func (c *countedReader) Read(p []byte) (int, error) {
	c.reads++
	return c.from.Read(p)
}
