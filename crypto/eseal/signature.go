package eseal

import (
	"bytes"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/tsp"
)

// Signature is a SES_Signature as it was read. Its byte slices are parts of the bytes
// given to [ParseSignature]. Treat it as read only.
type Signature struct {
	Raw  []byte // the whole SES_Signature, DER
	Seal *Seal

	Time     time.Time // timeInfo; zero where only a token stands there that cannot be read
	DataHash []byte    // SM3 of Signature.xml
	Property string    // path of Signature.xml
	Signer   Signed    // Message is TBS_Sign, DER

	// TimeStamp is a time-stamp token about the signature, nil: none. In version 1 it
	// stands in timeInfo, and so is signed.
	TimeStamp []byte

	Oddities []string // of the signature; the seal has its own
}

// ParseSignature reads a SES_Signature of any version. It checks no signature.
func ParseSignature(der []byte) (*Signature, error) {
	raw, in, err := sequence(der, "the signature")
	if err != nil {
		return nil, err
	}
	var element, tbs cryptobyte.String
	if !in.ReadASN1Element(&element, asn1.SEQUENCE) {
		return nil, malformed("the signed part (TBS_Sign)")
	}
	s := &Signature{Raw: raw, Signer: Signed{Message: element}}
	element.ReadASN1(&tbs, asn1.SEQUENCE)
	odd := &oddities{}
	if err := s.readSigned(&tbs, odd); err != nil {
		return nil, err
	}
	if in.PeekASN1Tag(asn1.OCTET_STRING) {
		err = s.readEnd(tbs, in, odd)
	} else {
		err = s.readOldEnd(tbs, in, odd)
	}
	s.Oddities = *odd
	return s, err
}

// readSigned reads what TBS_Sign begins with in every version.
func (s *Signature) readSigned(tbs *cryptobyte.String, odd *oddities) error {
	var version int
	var seal cryptobyte.String
	if !tbs.ReadASN1Integer(&version) {
		return malformed("the version of the signature")
	}
	if !tbs.ReadASN1Element(&seal, asn1.SEQUENCE) {
		return malformed("the seal in the signature")
	}
	var err error
	if s.Seal, err = ParseSeal(seal); err != nil {
		return err
	}
	if version != s.Seal.Version {
		odd.note("the signature's version is not its seal's")
	}
	if err := s.readTime(tbs, odd); err != nil {
		return err
	}
	var ok bool
	if s.DataHash, ok = odd.readBits(tbs, "the data hash"); !ok {
		return malformed("the data hash")
	}
	if s.Property, ok = odd.readText(tbs, asn1.IA5String, "the property information"); !ok {
		return malformed("the property information")
	}
	return nil
}

// readTime reads timeInfo: a GeneralizedTime from version 4 on; in version 1 a BIT
// STRING with a time or a token in it.
func (s *Signature) readTime(tbs *cryptobyte.String, odd *oddities) error {
	const part = "the time of the signature"
	var ok bool
	if !tbs.PeekASN1Tag(asn1.BIT_STRING) && !tbs.PeekASN1Tag(asn1.OCTET_STRING) {
		if s.Time, ok = odd.readMoment(tbs, asn1.GeneralizedTime, part); !ok {
			return malformed(part)
		}
		return nil
	}
	contents, ok := odd.readBits(tbs, part)
	if !ok {
		return malformed(part)
	}
	if token, err := tsp.ParseToken(contents); err == nil {
		s.Time, s.TimeStamp = token.Time, contents
		return nil
	}
	return s.readWrappedTime(contents, odd)
}

func (s *Signature) readWrappedTime(contents []byte, odd *oddities) error {
	const part = "the time of the signature"
	in := cryptobyte.String(contents)
	if moment, ok := odd.readMoment(&in, asn1.UTCTime, part); ok && in.Empty() {
		s.Time = moment
		return nil
	}
	for _, tag := range []asn1.Tag{asn1.UTCTime, asn1.GeneralizedTime} {
		if moment, ok := odd.parseMoment(string(bytes.TrimSpace(contents)), tag, part); ok {
			s.Time = moment
			return nil
		}
	}
	if bytes.HasPrefix(contents, []byte{0x30}) { // a token of another kind than RFC 3161's
		s.TimeStamp = contents
		odd.note("the time is a token that cannot be read")
		return nil
	}
	return malformed(part)
}

// readEnd reads version 4 and 5: certificate, algorithm and signature follow TBS_Sign.
func (s *Signature) readEnd(tbs, in cryptobyte.String, odd *oddities) error {
	if !tbs.Empty() {
		if err := skipExtensions(&tbs, "the signature's extensions"); err != nil {
			return err
		}
	}
	if err := s.Signer.readCertificateAndAlgorithm(&in); err != nil {
		return err
	}
	var ok bool
	if s.Signer.Value, ok = odd.readBits(&in, "the signature value"); !ok {
		return malformed("the signature value")
	}
	token, err := odd.readTimeStamp(&in, "the signature's time-stamp")
	if token != nil {
		s.TimeStamp = token
	}
	return err
}

// readOldEnd reads version 1: certificate and algorithm stand within TBS_Sign.
func (s *Signature) readOldEnd(tbs, in cryptobyte.String, odd *oddities) error {
	if err := s.Signer.readCertificateAndAlgorithm(&tbs); err != nil {
		return err
	}
	if !tbs.Empty() {
		if err := skipExtensions(&tbs, "the signature's extensions"); err != nil {
			return err
		}
	}
	var ok bool
	if s.Signer.Value, ok = odd.readBits(&in, "the signature value"); !ok || !in.Empty() {
		return malformed("the signature value")
	}
	return nil
}
