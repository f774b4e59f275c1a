package tsp

import (
	"crypto/rand"
	"crypto/sha256"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/sm"
)

// Imprint is the digest that a token is about, with the algorithm that made it.
type Imprint struct {
	algorithm string // object identifier, DER contents
	digest    []byte
}

// The contents of object identifiers.
const (
	oidSM3        = "\x2a\x81\x1c\xcf\x55\x01\x83\x11"             // 1.2.156.10197.1.401
	oidSHA256     = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"         // 2.16.840.1.101.3.4.2.1
	oidSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"         // 1.2.840.113549.1.7.2
	oidTSTInfo    = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04" // 1.2.840.113549.1.9.16.1.4
	oidType       = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"         // contentType
	oidDigest     = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"         // messageDigest
	oidSM2WithSM3 = "\x2a\x81\x1c\xcf\x55\x01\x83\x75"             // 1.2.156.10197.1.501
	oidSM2        = "\x2a\x81\x1c\xcf\x55\x01\x82\x2d"             // 1.2.156.10197.1.301
	oidCertV2     = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f" // signingCertificateV2, RFC 5816
)

// BySM3 is the imprint of data by SM3.
func BySM3(data []byte) Imprint {
	digest := sm.Sum(data)
	return Imprint{oidSM3, digest[:]}
}

// BySHA256 is the imprint of data by SHA-256, for authorities that know no SM3.
func BySHA256(data []byte) Imprint {
	digest := sha256.Sum256(data)
	return Imprint{oidSHA256, digest[:]}
}

// NewQuery writes a TimeStampReq with a fresh nonce that asks for the authority's
// certificate.
func NewQuery(imprint Imprint) (query []byte, nonce *big.Int, err error) {
	raw := make([]byte, 8)
	rand.Read(raw) // never fails: it ends the program instead
	nonce = new(big.Int).SetBytes(raw)
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		imprint.add(b)
		b.AddASN1BigInt(nonce)
		b.AddASN1Boolean(true)
	})
	query, err = b.Bytes()
	return query, nonce, err
}

func (i Imprint) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(i.algorithm)) })
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(i.digest)
	})
}
