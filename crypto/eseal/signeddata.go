package eseal

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// IsSignedData tells a SignedData of GB/T 35275 from everything else by its first
// OID, as GM/T 0099-2020, 7.2.2 has a signature without a seal written.
func IsSignedData(der []byte) bool {
	in := cryptobyte.String(der)
	var outer, oid cryptobyte.String
	return in.ReadASN1(&outer, asn1.SEQUENCE) && outer.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) && string(oid) == oidSignedData
}

// SignedData is a SignedData of GB/T 35275-2017 with one signer, as it was read.
type SignedData struct {
	Raw          []byte
	Content      []byte // the signed content; nil: it is elsewhere
	Certificates [][]byte
	Signer       Signed // Message is nil where the content is elsewhere and nothing else was signed

	// Attributes says whether signed attributes stand between content and signature;
	// then Message is them, as they came, with the tag of a SET, and Digest is theirs.
	Attributes bool
	Digest     []byte
	Time       time.Time // signing time by the signer's own clock; zero: none

	Oddities []string
}

// maxSigners: a second signer would need an answer of its own, and no maker of OFD
// writes one.
const maxSigners = 1

// ParseSignedData reads a ContentInfo with a SignedData. It checks no signature.
func ParseSignedData(der []byte) (*SignedData, error) {
	raw, in, err := sequence(der, "the signed data")
	if err != nil {
		return nil, err
	}
	var oid, wrapped, signed cryptobyte.String
	if !in.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || string(oid) != oidSignedData ||
		!in.ReadASN1(&wrapped, tagExplicit0) || !wrapped.ReadASN1(&signed, asn1.SEQUENCE) || !wrapped.Empty() {
		return nil, malformed("the signed data's frame")
	}
	s := &SignedData{Raw: raw}
	odd := &oddities{}
	if err := s.read(signed, odd); err != nil {
		return nil, err
	}
	s.Oddities = *odd
	return s, nil
}

func (s *SignedData) read(in cryptobyte.String, odd *oddities) error {
	var version int
	var algorithms, lists cryptobyte.String
	if !in.ReadASN1Integer(&version) || !in.ReadASN1(&algorithms, asn1.SET) {
		return malformed("the signed data's version and digest algorithms")
	}
	if err := s.readContent(&in, odd); err != nil {
		return err
	}
	if err := s.readCertificates(&in); err != nil {
		return err
	}
	if !in.SkipOptionalASN1(asn1.Tag(1).ContextSpecific().Constructed()) || !in.ReadASN1(&lists, asn1.SET) || !in.Empty() {
		return malformed("the signers")
	}
	for n := 0; !lists.Empty(); n++ {
		var signer cryptobyte.String
		if n == maxSigners || !lists.ReadASN1(&signer, asn1.SEQUENCE) {
			return malformed("the signers, of whom there is not exactly one")
		}
		if err := s.readSigner(signer, odd); err != nil {
			return err
		}
	}
	if s.Signer.Value == nil {
		return malformed("the signers, of whom there is not exactly one")
	}
	return nil
}

func (s *SignedData) readContent(in *cryptobyte.String, odd *oddities) error {
	var content, oid, wrapped cryptobyte.String
	if !in.ReadASN1(&content, asn1.SEQUENCE) || !content.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return malformed("the content")
	}
	if string(oid) != oidData {
		odd.note("the content's type is not data of GB/T 35275")
	}
	if content.Empty() {
		return nil
	}
	var ok bool
	if !content.ReadASN1(&wrapped, tagExplicit0) || !content.Empty() {
		return malformed("the content")
	}
	if s.Content, ok = readBytes(&wrapped); !ok || !wrapped.Empty() {
		return malformed("the content")
	}
	return nil
}

func (s *SignedData) readCertificates(in *cryptobyte.String) error {
	var set cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&set, &present, tagExplicit0) {
		return malformed("the certificates")
	}
	for n := 0; !set.Empty(); n++ {
		var certificate cryptobyte.String
		if n == maxCertificates || !set.ReadASN1Element(&certificate, asn1.SEQUENCE) {
			return malformed("the certificates")
		}
		s.Certificates = append(s.Certificates, certificate)
	}
	return nil
}

func (s *SignedData) readSigner(in cryptobyte.String, odd *oddities) error {
	var version int
	var id, digest, algorithm, oid cryptobyte.String
	if !in.ReadASN1Integer(&version) || !in.ReadASN1(&id, asn1.SEQUENCE) {
		return malformed("the signer's identity")
	}
	if !in.ReadASN1(&digest, asn1.SEQUENCE) || !digest.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return malformed("the signer's digest algorithm")
	}
	if string(oid) != oidSM3 {
		return malformed("the signer's digest algorithm, which is not SM3")
	}
	s.Signer.Message = s.Content
	if err := s.readAttributes(&in, odd); err != nil {
		return err
	}
	if !in.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return malformed("the signature algorithm")
	}
	s.Signer.Algorithm = dotted(oid)
	var ok bool
	if s.Signer.Value, ok = readBytes(&in); !ok || !in.SkipOptionalASN1(asn1.Tag(1).ContextSpecific().Constructed()) || !in.Empty() {
		return malformed("the signature value")
	}
	return s.findCertificate(id)
}

// readAttributes keeps the signed attributes in the order in which they came: makers
// do not sort them, and sign what they wrote. Only the tag is read as that of a SET
// (RFC 5652, 5.4).
func (s *SignedData) readAttributes(in *cryptobyte.String, odd *oddities) error {
	if !in.PeekASN1Tag(tagExplicit0) {
		return nil
	}
	var element, attributes cryptobyte.String
	if !in.ReadASN1Element(&element, tagExplicit0) {
		return malformed("the signed attributes")
	}
	s.Attributes = true
	s.Signer.Message = bytes.Clone(element)
	s.Signer.Message[0] = byte(asn1.SET)
	element.ReadASN1(&attributes, tagExplicit0)
	var before cryptobyte.String
	for !attributes.Empty() {
		var attribute cryptobyte.String
		if !attributes.ReadASN1Element(&attribute, asn1.SEQUENCE) {
			return malformed("a signed attribute")
		}
		if bytes.Compare(before, attribute) > 0 {
			odd.note("the signed attributes are not sorted as DER asks")
		}
		before = attribute
		if err := s.readAttribute(attribute, odd); err != nil {
			return err
		}
	}
	if s.Digest == nil {
		return malformed("the signed attributes, which hold no digest of the content")
	}
	return nil
}

func (s *SignedData) readAttribute(element cryptobyte.String, odd *oddities) error {
	var attribute, oid, values cryptobyte.String
	element.ReadASN1(&attribute, asn1.SEQUENCE)
	if !attribute.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() {
		return malformed("a signed attribute")
	}
	switch string(oid) {
	case oidMessageDigest:
		digest, ok := readBytes(&values)
		if !ok || !values.Empty() || s.Digest != nil {
			return malformed("the digest of the content")
		}
		s.Digest = digest
	case oidSigningTime:
		moment, ok := odd.readMoment(&values, asn1.UTCTime, "the signing time")
		if !ok {
			return malformed("the signing time")
		}
		s.Time = moment
	}
	return nil
}

// findCertificate takes the certificate that issuer and serial number name.
func (s *SignedData) findCertificate(id cryptobyte.String) error {
	var issuer cryptobyte.String
	serial := new(big.Int)
	if !id.ReadASN1Element(&issuer, asn1.SEQUENCE) || !id.ReadASN1Integer(serial) || !id.Empty() {
		return malformed("the signer's identity")
	}
	for _, der := range s.Certificates {
		certificate, err := pki.Parse(der)
		if err == nil && certificate.Serial.Cmp(serial) == 0 && bytes.Equal(certificate.RawIssuer, issuer) {
			s.Signer.Certificate = der
			return nil
		}
	}
	return malformed("the signer's certificate, which does not come along")
}

// Covers tells whether what was signed is of the file: its content is the file's SM3,
// as text in base64 or as bytes, or the file itself; or, where the content is
// elsewhere, the digest among the attributes is of the file or of its SM3. It returns
// what was signed, for [Signed.Verify].
func (s *SignedData) Covers(file []byte) (Signed, bool) {
	digest := sm.Sum(file)
	signed := s.Signer
	content := s.Content
	if content == nil {
		content = digest[:]
	} else if !represents(content, file, digest) {
		return signed, false
	}
	if !s.Attributes {
		signed.Message = content
		return signed, true
	}
	of := sm.Sum(content)
	return signed, bytes.Equal(s.Digest, of[:]) || bytes.Equal(s.Digest, digest[:])
}

func represents(content, file []byte, digest [sm.Size]byte) bool {
	if bytes.Equal(content, digest[:]) || bytes.Equal(content, file) {
		return true
	}
	decoded, err := base64.StdEncoding.DecodeString(string(content))
	return err == nil && bytes.Equal(decoded, digest[:])
}
