package pki

import (
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"kapok/crypto/sm"
)

// Certificate is what was read of an X.509 certificate. The Raw fields are slices
// of the bytes as they came; nothing is ever encoded again. Treat it as read only.
type Certificate struct {
	Raw        []byte // the whole certificate, DER
	RawTBS     []byte // what the issuer signed
	RawSubject []byte // names are compared by these bytes
	RawIssuer  []byte
	RawKey     []byte // SubjectPublicKeyInfo

	Version   int // 1, 2 or 3
	Serial    *big.Int
	Subject   Name
	Issuer    Name
	NotBefore time.Time // both ends are in force; zero when unreadable, and then never in force
	NotAfter  time.Time

	IsCA         bool
	MaxPath      int // how many authorities may stand below this one; -1: any number
	KeyUsage     KeyUsage
	SubjectKeyID []byte
	IssuerKeyID  []byte

	// Oddities says what breaks the standard and was read all the same, in words
	// for a report. They hold no name and no other content of the certificate.
	Oddities []string

	signatureOID   string
	signature      []byte
	extendedUsages []string
	blocking       []string        // what makes every chain through this certificate fail
	seen           map[string]bool // extensions met while parsing
}

// CommonName is the subject's common name, or "".
func (c *Certificate) CommonName() string { return c.Subject.CommonName() }

// PublicKey returns the SM2 key; an error when the certificate is for another
// kind of key or its point is not on the curve.
func (c *Certificate) PublicKey() (*sm.PublicKey, error) { return parseKeyInfo(c.RawKey) }

// ValidAt reports whether at lies within the certificate's life.
func (c *Certificate) ValidAt(at time.Time) bool {
	if c.NotBefore.IsZero() || c.NotAfter.IsZero() {
		return false
	}
	return !at.Before(c.NotBefore) && !at.After(c.NotAfter)
}

// SerialHex is the serial number as OpenSSL prints it, in capitals.
func (c *Certificate) SerialHex() string { return fmt.Sprintf("%X", c.Serial) }

// PEM encodes DER certificates, one block each, in the order given.
func PEM(certificates ...[]byte) []byte {
	var out []byte
	for _, der := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return out
}

func (c *Certificate) odd(format string, args ...any) {
	c.Oddities = append(c.Oddities, fmt.Sprintf(format, args...))
}

func (c *Certificate) block(reason string) {
	c.odd("%s", reason)
	c.blocking = append(c.blocking, reason)
}

func (c *Certificate) readable() error {
	if len(c.blocking) > 0 {
		return fmt.Errorf("%w: %s", ErrUnreadable, c.blocking[0])
	}
	return nil
}

// FromPEM returns the DER of every certificate in text, in its order. Blocks of
// another kind are passed over.
func FromPEM(text []byte) [][]byte {
	var found [][]byte
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return found
		}
		if block.Type == "CERTIFICATE" {
			found = append(found, block.Bytes)
		}
	}
}
