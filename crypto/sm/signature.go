package sm

import (
	"bytes"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Encoding is how a signature's r and s are written. The caller says which one
// it expects; none is guessed.
type Encoding int

const (
	DER Encoding = iota // SEQUENCE{r INTEGER, s INTEGER}, GB/T 35276-2017
	Raw                 // r‖s, 64 bytes, as JWS and browsers' libraries have it
)

const (
	scalarSize = 32
	rawSize    = 2 * scalarSize
	maxDERSize = 72 // two 33-byte integers with their headers, in a sequence
)

// order is n, the order of the SM2 curve's group, GB/T 32918.5-2017.
var order = [scalarSize]byte{
	0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x72, 0x03, 0xdf, 0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5, 0x41, 0x23,
}

// A malformed signature is invalid whatever the key and the message, so nobody
// is asked for a second opinion on it.
var errMalformed = fmt.Errorf("%w: it is malformed", ErrInvalid)

// signature is r and s, each within [1, n-1].
type signature struct{ r, s [scalarSize]byte }

var parsers = [...]func([]byte) (signature, error){DER: parseDER, Raw: parseRaw}

func parseSignature(sig []byte, enc Encoding) (signature, error) {
	if enc < 0 || int(enc) >= len(parsers) {
		return signature{}, ErrEncoding
	}
	parsed, err := parsers[enc](sig)
	if err != nil {
		return signature{}, err
	}
	if !inRange(&parsed.r) || !inRange(&parsed.s) {
		return signature{}, errMalformed
	}
	return parsed, nil
}

func parseRaw(sig []byte) (signature, error) {
	if len(sig) != rawSize {
		return signature{}, errMalformed
	}
	return signature{r: [scalarSize]byte(sig[:scalarSize]), s: [scalarSize]byte(sig[scalarSize:])}, nil
}

// parseDER accepts the one canonical form only: a second form of the same
// signature would be a second valid byte string that nobody signed.
func parseDER(sig []byte) (signature, error) {
	if len(sig) > maxDERSize {
		return signature{}, errMalformed
	}
	var inner cryptobyte.String
	var r, s []byte
	input := cryptobyte.String(sig)
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !input.Empty() ||
		!inner.ReadASN1Integer(&r) || !inner.ReadASN1Integer(&s) || !inner.Empty() ||
		len(r) > scalarSize || len(s) > scalarSize {
		return signature{}, errMalformed
	}
	var parsed signature
	copy(parsed.r[scalarSize-len(r):], r)
	copy(parsed.s[scalarSize-len(s):], s)
	if !bytes.Equal(parsed.der(), sig) {
		return signature{}, errMalformed
	}
	return parsed, nil
}

func inRange(scalar *[scalarSize]byte) bool {
	return *scalar != [scalarSize]byte{} && bytes.Compare(scalar[:], order[:]) < 0
}

func (sig *signature) encode(enc Encoding) ([]byte, error) {
	switch enc {
	case DER:
		return sig.der(), nil
	case Raw:
		return slices.Concat(sig.r[:], sig.s[:]), nil
	}
	return nil, ErrEncoding
}

func (sig *signature) der() []byte {
	encoded := append(make([]byte, 0, maxDERSize), byte(asn1.SEQUENCE), 0)
	encoded = appendInteger(encoded, sig.r[:])
	encoded = appendInteger(encoded, sig.s[:])
	encoded[1] = byte(len(encoded) - 2)
	return encoded
}

// appendInteger appends the DER INTEGER of a positive big-endian scalar.
func appendInteger(dst, scalar []byte) []byte {
	scalar = bytes.TrimLeft(scalar, "\x00")
	if len(scalar) == 0 || scalar[0] >= 0x80 {
		dst = append(dst, byte(asn1.INTEGER), byte(len(scalar)+1), 0)
		return append(dst, scalar...)
	}
	dst = append(dst, byte(asn1.INTEGER), byte(len(scalar)))
	return append(dst, scalar...)
}
