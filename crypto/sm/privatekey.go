package sm

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/emmansun/gmsm/ecdh"
	"github.com/emmansun/gmsm/sm2"
)

// Signer signs with a key that may live elsewhere. Sign signs msg under
// [DefaultID] and returns the signature in the encoding asked for; it returns
// when ctx ends. It is safe for concurrent use.
type Signer interface {
	Public() *PublicKey
	Sign(ctx context.Context, msg []byte, enc Encoding) ([]byte, error)
}

// PrivateKey is an SM2 private key in memory. It implements [Signer] and is safe
// for concurrent use.
type PrivateKey struct {
	key    *sm2.PrivateKey
	scalar *ecdh.PrivateKey // the same key, in a form that gives its bytes
	public *PublicKey
}

// GenerateKey makes a new key from the operating system's randomness.
func GenerateKey() (*PrivateKey, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("sm: generate key: %w", err)
	}
	return newPrivateKey(key)
}

// ParsePrivateKey reads the scalar d as 32 bytes, big-endian, 1 ≤ d ≤ n-2
// (GB/T 32918.1-2016 §6.1). Anything else is [ErrKey].
func ParsePrivateKey(d []byte) (*PrivateKey, error) {
	if len(d) != scalarSize {
		return nil, ErrKey
	}
	key, err := sm2.NewPrivateKey(d)
	if err != nil {
		return nil, ErrKey
	}
	return newPrivateKey(key)
}

func newPrivateKey(key *sm2.PrivateKey) (*PrivateKey, error) {
	scalar, err := key.ECDH()
	if err != nil {
		return nil, ErrKey
	}
	public, err := ParsePublicKey(scalar.PublicKey().Bytes())
	if err != nil {
		return nil, err
	}
	return &PrivateKey{key: key, scalar: scalar, public: public}, nil
}

// Bytes returns d, 32 bytes big-endian. It is the secret itself.
func (priv *PrivateKey) Bytes() []byte { return priv.scalar.Bytes() }

// Public returns the public key.
func (priv *PrivateKey) Public() *PublicKey { return priv.public }

// Format keeps the key out of logs, whatever the verb.
func (priv *PrivateKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sm.PrivateKey(***)") }

// Sign signs msg under [DefaultID]. ctx is not used: the key is at hand.
func (priv *PrivateKey) Sign(_ context.Context, msg []byte, enc Encoding) ([]byte, error) {
	return priv.SignDigest(Sum(priv.public.za[:], msg), enc)
}

// SignWithID signs msg under the signer's id, 1 to 8191 bytes.
func (priv *PrivateKey) SignWithID(id, msg []byte, enc Encoding) ([]byte, error) {
	digest, err := priv.public.Digest(id, msg)
	if err != nil {
		return nil, err
	}
	return priv.SignDigest(digest, enc)
}

// SignDigest signs e itself, where [PublicKey.Digest] was computed elsewhere
// (GB/T 32918.2-2016 §6.1 from step A3). The nonce is derived from the key, the
// digest and fresh randomness, so a failing source of randomness alone does not
// give the key away.
func (priv *PrivateKey) SignDigest(digest [Size]byte, enc Encoding) ([]byte, error) {
	der, err := priv.key.Sign(rand.Reader, digest[:], nil)
	if err != nil {
		return nil, fmt.Errorf("sm: sign: %w", err)
	}
	if enc == DER {
		return der, nil
	}
	sig, err := parseSignature(der, DER)
	if err != nil {
		return nil, fmt.Errorf("sm: sign: the library's own signature: %w", err)
	}
	return sig.encode(enc)
}
