package sm

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Format is how the parts of an SM2 ciphertext are put together: C1 the
// ephemeral point, C2 the masked plaintext, C3 its SM3.
type Format int

const (
	C1C3C2 Format = iota // 04‖X‖Y‖C3‖C2, GB/T 32918.4-2016
	ASN1                 // SEQUENCE{X, Y INTEGER, C3, C2 OCTET STRING}, GB/T 35276-2017
	C1C2C3               // 04‖X‖Y‖C2‖C3, before GB/T 32918; only where an old system asks for it
)

func (f Format) known() bool { return f >= C1C3C2 && f <= C1C2C3 }

// ciphertext is the parts; c1 is 04‖X‖Y and may be off the curve.
type ciphertext struct{ c1, c2, c3 []byte }

// splitPlain splits a C1C3C2 of sufficient length.
func splitPlain(b []byte) ciphertext {
	return ciphertext{c1: b[:PointSize], c3: b[PointSize : PointSize+Size], c2: b[PointSize+Size:]}
}

func parseCiphertext(b []byte, format Format) (ciphertext, error) {
	switch format {
	case C1C3C2, C1C2C3:
		return parsePlain(b, format)
	case ASN1:
		return parseASN1(b)
	}
	return ciphertext{}, ErrEncoding
}

func parsePlain(b []byte, format Format) (ciphertext, error) {
	length := len(b) - PointSize - Size
	if length < 1 || length > maxPlaintext || b[0] != 4 {
		return ciphertext{}, ErrDecrypt
	}
	if format == C1C3C2 {
		return splitPlain(b), nil
	}
	return ciphertext{c1: b[:PointSize], c2: b[PointSize : PointSize+length], c3: b[PointSize+length:]}, nil
}

func parseASN1(b []byte) (ciphertext, error) {
	var inner, c2, c3 cryptobyte.String
	var x, y []byte
	input := cryptobyte.String(b)
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !input.Empty() ||
		!inner.ReadASN1Integer(&x) || !inner.ReadASN1Integer(&y) ||
		!inner.ReadASN1(&c3, asn1.OCTET_STRING) || !inner.ReadASN1(&c2, asn1.OCTET_STRING) || !inner.Empty() {
		return ciphertext{}, ErrDecrypt
	}
	if len(x) > scalarSize || len(y) > scalarSize || len(c3) != Size || len(c2) < 1 || len(c2) > maxPlaintext {
		return ciphertext{}, ErrDecrypt
	}
	c1 := make([]byte, PointSize)
	c1[0] = 4
	copy(c1[1+scalarSize-len(x):], x)
	copy(c1[PointSize-len(y):], y)
	return ciphertext{c1: c1, c2: c2, c3: c3}, nil
}

func (c ciphertext) join(format Format) []byte {
	if format == ASN1 {
		return c.der()
	}
	joined := append(make([]byte, 0, len(c.c1)+len(c.c2)+len(c.c3)), c.c1...)
	if format == C1C2C3 {
		return append(append(joined, c.c2...), c.c3...)
	}
	return append(append(joined, c.c3...), c.c2...)
}

func (c ciphertext) der() []byte {
	point := appendInteger(nil, c.c1[1:1+scalarSize])
	point = appendInteger(point, c.c1[1+scalarSize:])
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(point)
		b.AddASN1OctetString(c.c3)
		b.AddASN1OctetString(c.c2)
	})
	return b.BytesOrPanic() // it fails on lengths only, and these are bounded
}
