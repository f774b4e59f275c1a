package eseal

import (
	"bytes"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/sm"
)

// Signed is something signed: the very bytes, the signature, and whose it is said to
// be.
type Signed struct {
	Message     []byte // what was signed, under the default id
	Certificate []byte // DER, as it came; nobody vouches for it yet
	Algorithm   string // dotted OID
	Value       []byte // the signature, as it came
}

// Form is how a signature was written.
type Form string

// The forms met. Only the first is the standard's (GB/T 35276).
const (
	FormDER   Form = "DER"
	FormRaw   Form = "raw r‖s, 64 bytes"
	FormLoose Form = "DER with integers that are not canonical"
)

// algorithms are those that mean SM2 with SM3. The standard asks for the first; the
// others name the algorithm or its curve, and are met.
var algorithms = map[string]bool{dotted([]byte(oidSM3WithSM2)): true, dotted([]byte(oidSM2Sign)): true, dotted([]byte(oidSM2)): true}

// Standard reports whether the algorithm is 1.2.156.10197.1.501, as GB/T 38540 asks.
func (s Signed) Standard() bool { return s.Algorithm == "1.2.156.10197.1.501" }

// Verify tells whether the signature is key's, and how it was written. The error is
// [ErrAlgorithm], sm.ErrInvalid or sm.ErrUndecided.
func (s Signed) Verify(v *sm.Verifier, caller string, key *sm.PublicKey) (Form, error) {
	if !algorithms[s.Algorithm] {
		return "", ErrAlgorithm
	}
	value, enc, form := normal(s.Value)
	return form, v.Verify(caller, key, s.Message, value, enc)
}

// normal tells the form of a signature. A DER signature of 64 bytes needs both numbers
// some 24 bits short, which nobody has met; it is recognised all the same.
func normal(value []byte) ([]byte, sm.Encoding, Form) {
	if raw, canonical, ok := readIntegers(value); ok {
		if canonical {
			return value, sm.DER, FormDER
		}
		return raw, sm.Raw, FormLoose
	}
	if len(value) == 64 {
		return value, sm.Raw, FormRaw
	}
	return value, sm.DER, FormDER // sm refuses it, by name
}

// readIntegers reads SEQUENCE{r, s} with integers that lack the sign byte or have too
// many, as some makers write them.
func readIntegers(value []byte) (raw []byte, canonical, ok bool) {
	in := cryptobyte.String(value)
	var inner cryptobyte.String
	if !in.ReadASN1(&inner, asn1.SEQUENCE) || !in.Empty() {
		return nil, false, false
	}
	raw, canonical = make([]byte, 64), true
	for i := range 2 {
		var number cryptobyte.String
		if !inner.ReadASN1(&number, asn1.INTEGER) || len(number) == 0 {
			return nil, false, false
		}
		canonical = canonical && minimal(number)
		trimmed := bytes.TrimLeft(number, "\x00")
		if len(trimmed) > 32 {
			return nil, false, false
		}
		copy(raw[32*(i+1)-len(trimmed):], trimmed)
	}
	return raw, canonical, inner.Empty()
}

func minimal(number []byte) bool {
	if number[0] >= 0x80 {
		return false
	}
	return number[0] != 0 || len(number) == 1 || number[1] >= 0x80
}

func (s *Signed) readCertificateAndAlgorithm(in *cryptobyte.String) error {
	var ok bool
	if s.Certificate, ok = readBytes(in); !ok {
		return malformed("the signer's certificate")
	}
	var oid cryptobyte.String
	if !in.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return malformed("the signature algorithm")
	}
	s.Algorithm = dotted(oid)
	return nil
}

// Wrong reports whether err says that the signature itself is wrong, by the word of
// both libraries.
func Wrong(err error) bool { return errors.Is(err, sm.ErrInvalid) }
