package eseal

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// The versions of seals, as header.version names them.
const (
	V1 = 1 // GM/T 0031-2014
	V4 = 4 // GB/T 38540-2020
	V5 = 5 // GM/T 0031-2025: version 4 with a time-stamp of the seal
)

// Seal is a SESeal as it was read. Its byte slices are parts of the bytes given to
// [ParseSeal]. Treat it as read only.
type Seal struct {
	Raw     []byte // the whole SESeal, DER
	RawInfo []byte // SES_SealInfo, DER

	Version int    // [V1], [V4] or [V5]
	Vendor  string // header.Vid
	ID      string // esID
	Type    int    // kind of seal, the maker's numbering; 1 organisation, 2 person in the standard
	Name    string

	Certificates [][]byte     // who may seal with it, DER, where the list is of certificates
	Digests      []CertDigest // the same, where the list is of digests (version 4 on)

	Created, From, To time.Time // From and To are both in force
	Picture           Picture
	Maker             Signed // the maker's signature; Message is what the version asks to be signed
	TimeStamp         []byte // version 5: a time-stamp token; nil: none

	Oddities []string // what breaks the standard and was read all the same
}

// CertDigest names a certificate by its digest.
type CertDigest struct {
	Algorithm string // as written; SM3 or its OID where it can be checked
	Value     []byte
}

// Picture is how a seal looks.
type Picture struct {
	Type          string // as written: png, PNG, ofd, jpg, …
	Data          []byte
	Width, Height int // mm
}

// ValidAt reports whether at lies within the seal's life.
func (s *Seal) ValidAt(at time.Time) bool { return !at.Before(s.From) && !at.After(s.To) }

// ParseSeal reads a SESeal of any version. It checks no signature.
func ParseSeal(der []byte) (*Seal, error) {
	raw, in, err := sequence(der, "the seal")
	if err != nil {
		return nil, err
	}
	var info cryptobyte.String
	if !in.ReadASN1Element(&info, asn1.SEQUENCE) {
		return nil, malformed("the seal's information")
	}
	s := &Seal{Raw: raw, RawInfo: info}
	odd := &oddities{}
	old := in.PeekASN1Tag(asn1.SEQUENCE) // SES_SignInfo of version 1
	if err := s.readInfo(info, old, odd); err != nil {
		return nil, err
	}
	if old {
		err = s.readOldMaker(in, odd)
	} else {
		err = s.readMaker(in, odd)
	}
	s.Oddities = *odd
	return s, err
}

func (s *Seal) readInfo(info cryptobyte.String, old bool, odd *oddities) error {
	var in cryptobyte.String
	info.ReadASN1(&in, asn1.SEQUENCE)
	if err := s.readHeader(&in, old, odd); err != nil {
		return err
	}
	var ok bool
	if s.ID, ok = odd.readText(&in, asn1.IA5String, "the seal's identifier"); !ok {
		return malformed("the seal's identifier")
	}
	var property, picture cryptobyte.String
	if !in.ReadASN1(&property, asn1.SEQUENCE) {
		return malformed("the seal's properties")
	}
	if err := s.readProperty(property, old, odd); err != nil {
		return err
	}
	if !in.ReadASN1(&picture, asn1.SEQUENCE) {
		return malformed("the seal's picture")
	}
	if err := s.readPicture(picture, odd); err != nil {
		return err
	}
	if in.Empty() {
		return nil
	}
	return skipExtensions(&in, "the seal's extensions")
}

// skipExtensions passes over extDatas, bare or under [0]: nothing that is checked
// depends on them, and they stay part of what is signed.
func skipExtensions(in *cryptobyte.String, part string) error {
	var skipped cryptobyte.String
	var tag asn1.Tag
	if !in.ReadAnyASN1(&skipped, &tag) || tag != asn1.SEQUENCE && tag != tagExplicit0 || !in.Empty() {
		return malformed(part)
	}
	return nil
}

func (s *Seal) readHeader(in *cryptobyte.String, old bool, odd *oddities) error {
	var header cryptobyte.String
	if !in.ReadASN1(&header, asn1.SEQUENCE) {
		return malformed("the seal's header")
	}
	mark, ok := odd.readText(&header, asn1.IA5String, "the header's mark")
	if !ok || mark != "ES" {
		return malformed("the header's mark, which is ES in every seal")
	}
	if !header.ReadASN1Integer(&s.Version) {
		return malformed("the header's version")
	}
	if s.Vendor, ok = odd.readText(&header, asn1.IA5String, "the maker's mark"); !ok || !header.Empty() {
		return malformed("the maker's mark")
	}
	return s.judgeVersion(old, odd)
}

// judgeVersion takes the structure for the version where makers count otherwise: the
// two structures cannot be mistaken for each other.
func (s *Seal) judgeVersion(old bool, odd *oddities) error {
	written := s.Version
	switch {
	case old:
		s.Version = V1
	case written != V4 && written != V5:
		s.Version = V4
	}
	if written < 0 || written > V5 {
		return malformed(fmt.Sprintf("version %d of a seal", written))
	}
	if s.Version != written {
		odd.note(fmt.Sprintf("the header says version %d, the structure is that of version %d", written, s.Version))
	}
	return nil
}

func (s *Seal) readPicture(in cryptobyte.String, odd *oddities) error {
	var ok bool
	if s.Picture.Type, ok = odd.readText(&in, asn1.IA5String, "the picture's type"); !ok {
		return malformed("the picture's type")
	}
	if s.Picture.Data, ok = readBytes(&in); !ok {
		return malformed("the picture's data")
	}
	if !in.ReadASN1Integer(&s.Picture.Width) || !in.ReadASN1Integer(&s.Picture.Height) || !in.Empty() {
		return malformed("the picture's size")
	}
	return nil
}

// readMaker reads version 4 and 5: cert, OID and signature, and [0] in version 5. The
// maker signs SES_SealInfo alone.
func (s *Seal) readMaker(in cryptobyte.String, odd *oddities) error {
	s.Maker.Message = s.RawInfo
	if err := s.Maker.readCertificateAndAlgorithm(&in); err != nil {
		return err
	}
	var ok bool
	if s.Maker.Value, ok = odd.readBits(&in, "the maker's signature"); !ok {
		return malformed("the maker's signature")
	}
	var err error
	s.TimeStamp, err = odd.readTimeStamp(&in, "the seal's time-stamp")
	return err
}

// readOldMaker reads version 1, whose maker signs SEQUENCE{SealInfo, cert, OID}.
func (s *Seal) readOldMaker(in cryptobyte.String, odd *oddities) error {
	var maker cryptobyte.String
	if !in.ReadASN1(&maker, asn1.SEQUENCE) || !in.Empty() {
		return malformed("the maker's signature")
	}
	rest := maker
	if err := s.Maker.readCertificateAndAlgorithm(&maker); err != nil {
		return err
	}
	signed := rest[:len(rest)-len(maker)] // the certificate and the OID, as they came
	var ok bool
	if s.Maker.Value, ok = odd.readBits(&maker, "the maker's signature"); !ok || !maker.Empty() {
		return malformed("the maker's signature")
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(s.RawInfo)
		b.AddBytes(signed)
	})
	message, err := b.Bytes()
	s.Maker.Message = message
	return err
}

// readTimeStamp takes the optional [0] BIT STRING that ends a structure.
func (o *oddities) readTimeStamp(in *cryptobyte.String, part string) ([]byte, error) {
	if in.Empty() {
		return nil, nil
	}
	var wrapped cryptobyte.String
	if !in.ReadASN1(&wrapped, tagExplicit0) || !in.Empty() {
		return nil, malformed(part)
	}
	token, ok := o.readBits(&wrapped, part)
	if !ok || !wrapped.Empty() {
		return nil, malformed(part)
	}
	return token, nil
}
