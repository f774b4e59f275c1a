package pki

import (
	"bytes"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/sm"
)

const maxCertificate = 64 << 10

var (
	tagExplicit0 = asn1.Tag(0).ContextSpecific().Constructed()
	tagExplicit3 = asn1.Tag(3).ContextSpecific().Constructed()
	tagUnique1   = asn1.Tag(1).ContextSpecific()
	tagUnique2   = asn1.Tag(2).ContextSpecific()
)

// Parse reads one DER certificate of at most 64 KiB. It refuses what is not DER
// in its frame ([ErrMalformed]) and is patient with what stands inside: see
// [Certificate.Oddities]. It checks no signature.
func Parse(der []byte) (*Certificate, error) {
	if len(der) > maxCertificate {
		return nil, fmt.Errorf("%w: it is longer than 64 KiB", ErrMalformed)
	}
	c := &Certificate{MaxPath: -1, seen: map[string]bool{}}
	input := cryptobyte.String(bytes.Clone(der))
	c.Raw = input
	signed, err := parseSigned(&input)
	if err != nil {
		return nil, err
	}
	c.RawTBS, c.signatureOID, c.signature = signed.tbs, signed.algorithm, signed.signature
	if err := c.parseTBS(signed); err != nil {
		return nil, err
	}
	return c, nil
}

// signedObject is the frame that certificates, lists and requests share:
// SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING }.
type signedObject struct {
	tbs          []byte
	rawAlgorithm []byte
	algorithm    string
	signature    []byte
}

func parseSigned(input *cryptobyte.String) (signedObject, error) {
	var object signedObject
	var outer, tbs, algorithm cryptobyte.String
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !input.Empty() {
		return object, malformed("the frame")
	}
	if !outer.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return object, malformed("the signed part")
	}
	if !outer.ReadASN1Element(&algorithm, asn1.SEQUENCE) {
		return object, malformed("the signature algorithm")
	}
	if !outer.ReadASN1BitStringAsBytes(&object.signature) || !outer.Empty() {
		return object, malformed("the signature")
	}
	object.tbs, object.rawAlgorithm = tbs, algorithm
	oid, ok := readAlgorithm(algorithm)
	if !ok {
		return object, malformed("the signature algorithm")
	}
	object.algorithm = oid
	return object, nil
}

// readAlgorithm returns the identifier of an AlgorithmIdentifier element.
func readAlgorithm(element cryptobyte.String) (string, bool) {
	var inner, oid cryptobyte.String
	if !element.ReadASN1(&inner, asn1.SEQUENCE) || !inner.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return "", false
	}
	return string(oid), len(oid) > 0
}

func (c *Certificate) parseTBS(signed signedObject) error {
	tbs := cryptobyte.String(signed.tbs)
	if !tbs.ReadASN1(&tbs, asn1.SEQUENCE) {
		return malformed("the signed part")
	}
	if err := c.parseVersionAndSerial(&tbs); err != nil {
		return err
	}
	var algorithm cryptobyte.String
	if !tbs.ReadASN1Element(&algorithm, asn1.SEQUENCE) {
		return malformed("the inner signature algorithm")
	}
	if !bytes.Equal(algorithm, signed.rawAlgorithm) {
		c.block("the signature algorithm outside differs from the one inside")
	}
	if err := c.parseNamesAndLife(&tbs); err != nil {
		return err
	}
	var key cryptobyte.String
	if !tbs.ReadASN1Element(&key, asn1.SEQUENCE) {
		return malformed("the public key")
	}
	c.RawKey = key
	return c.parseTail(&tbs)
}

func (c *Certificate) parseVersionAndSerial(tbs *cryptobyte.String) error {
	var version int
	if !tbs.ReadOptionalASN1Integer(&version, tagExplicit0, 0) || version < 0 || version > 2 {
		return malformed("the version")
	}
	c.Version = version + 1
	c.Serial = new(big.Int)
	if !tbs.ReadASN1Integer(c.Serial) {
		return malformed("the serial number")
	}
	if c.Serial.Sign() <= 0 {
		c.odd("the serial number is not positive")
	}
	return nil
}

func (c *Certificate) parseNamesAndLife(tbs *cryptobyte.String) error {
	var issuer, life, subject cryptobyte.String
	if !tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return malformed("the issuer")
	}
	if !tbs.ReadASN1(&life, asn1.SEQUENCE) {
		return malformed("the life")
	}
	if !tbs.ReadASN1Element(&subject, asn1.SEQUENCE) {
		return malformed("the subject")
	}
	c.RawIssuer, c.RawSubject = issuer, subject
	c.Issuer = readName(issuer, func(what string) { c.odd("issuer: %s", what) })
	c.Subject = readName(subject, func(what string) { c.odd("subject: %s", what) })
	c.NotBefore = c.readMoment(&life, "the start of its life")
	c.NotAfter = c.readMoment(&life, "the end of its life")
	return nil
}

func (c *Certificate) readMoment(life *cryptobyte.String, what string) time.Time {
	moment, odd, ok := readTime(life)
	if !ok {
		c.block(what + " cannot be read")
	}
	if odd {
		c.odd("%s is not written as DER asks", what)
	}
	return moment
}

func (c *Certificate) parseTail(tbs *cryptobyte.String) error {
	if !tbs.SkipOptionalASN1(tagUnique1) || !tbs.SkipOptionalASN1(tagUnique2) {
		return malformed("the unique identifiers")
	}
	var extensions cryptobyte.String
	var present bool
	if !tbs.ReadOptionalASN1(&extensions, &present, tagExplicit3) || !tbs.Empty() {
		return malformed("the extensions")
	}
	if !present {
		return nil
	}
	if c.Version != 3 {
		c.odd("a version below 3 has extensions")
	}
	return eachExtension(extensions, c.takeExtension)
}

// parseKeyInfo reads a SubjectPublicKeyInfo for an SM2 key: the algorithm is
// id-ecPublicKey with the curve as its parameter (GB/T 35276), the key 65 bytes.
func parseKeyInfo(element cryptobyte.String) (*sm.PublicKey, error) {
	var info, algorithm, oid, curve cryptobyte.String
	var point []byte
	if !element.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!info.ReadASN1BitStringAsBytes(&point) || !info.Empty() {
		return nil, malformed("the public key")
	}
	if !algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !algorithm.ReadASN1(&curve, asn1.OBJECT_IDENTIFIER) {
		return nil, fmt.Errorf("%w: its key is not an SM2 key", ErrUsage)
	}
	if string(oid) != oidECPublicKey || string(curve) != oidCurveSM2 || !algorithm.Empty() {
		return nil, fmt.Errorf("%w: its key is not an SM2 key", ErrUsage)
	}
	return sm.ParsePublicKey(point)
}

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }
