package pki

import (
	"bytes"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const maxList = 16 << 20

// CRL is a certificate revocation list (RFC 5280, 5) as it was read.
type CRL struct {
	Raw        []byte
	RawIssuer  []byte
	Number     *big.Int // nil when the list has none
	ThisUpdate time.Time
	NextUpdate time.Time // zero when the list names none; it is then never in force

	issuerKeyID []byte
	signed      signedObject
	revoked     map[string]Revocation
	blocking    string
}

// Revocation is one entry of a list.
type Revocation struct {
	Serial *big.Int
	At     time.Time // from when the certificate counts as revoked; the invalidity date where that is earlier
	Reason Reason
}

// Reason is a CRL reason code (RFC 5280, 5.3.1).
type Reason int

// The reasons that Kapok gives.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
)

// ParseCRL reads one DER list of at most 16 MiB. It checks no signature.
func ParseCRL(der []byte) (*CRL, error) {
	if len(der) > maxList {
		return nil, fmt.Errorf("%w: the list is longer than 16 MiB", ErrMalformed)
	}
	input := cryptobyte.String(bytes.Clone(der))
	list := &CRL{Raw: input, revoked: map[string]Revocation{}}
	signed, err := parseSigned(&input)
	if err != nil {
		return nil, err
	}
	list.signed = signed
	return list, list.parse(signed.tbs)
}

// Revocation tells whether and when the certificate with this serial number was
// revoked.
func (l *CRL) Revocation(serial *big.Int) (Revocation, bool) {
	found, ok := l.revoked[serial.String()]
	return found, ok
}

func (l *CRL) parse(element cryptobyte.String) error {
	var tbs, algorithm, issuer cryptobyte.String
	if !element.ReadASN1(&tbs, asn1.SEQUENCE) {
		return malformed("the list")
	}
	version := 0
	if tbs.PeekASN1Tag(asn1.INTEGER) && (!tbs.ReadASN1Integer(&version) || version != 1) {
		return malformed("the list's version")
	}
	if !tbs.ReadASN1Element(&algorithm, asn1.SEQUENCE) || !bytes.Equal(algorithm, l.signed.rawAlgorithm) {
		return malformed("the list's signature algorithm")
	}
	if !tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return malformed("the list's issuer")
	}
	l.RawIssuer = issuer
	if err := l.parseLife(&tbs); err != nil {
		return err
	}
	if err := l.parseEntries(&tbs); err != nil {
		return err
	}
	return l.parseExtensions(&tbs)
}

func (l *CRL) parseLife(tbs *cryptobyte.String) error {
	var ok bool
	if l.ThisUpdate, _, ok = readTime(tbs); !ok {
		return malformed("the list's date")
	}
	if !tbs.PeekASN1Tag(asn1.UTCTime) && !tbs.PeekASN1Tag(asn1.GeneralizedTime) {
		return nil
	}
	if l.NextUpdate, _, ok = readTime(tbs); !ok {
		return malformed("the list's next date")
	}
	return nil
}

func (l *CRL) parseEntries(tbs *cryptobyte.String) error {
	if !tbs.PeekASN1Tag(asn1.SEQUENCE) {
		return nil
	}
	var entries cryptobyte.String
	if !tbs.ReadASN1(&entries, asn1.SEQUENCE) {
		return malformed("the list's entries")
	}
	for !entries.Empty() {
		var entry cryptobyte.String
		if !entries.ReadASN1(&entry, asn1.SEQUENCE) {
			return malformed("an entry of the list")
		}
		if err := l.parseEntry(entry); err != nil {
			return err
		}
	}
	return nil
}

func (l *CRL) parseEntry(entry cryptobyte.String) error {
	revocation := Revocation{Serial: new(big.Int)}
	var ok bool
	if !entry.ReadASN1Integer(revocation.Serial) {
		return malformed("a serial number of the list")
	}
	if revocation.At, _, ok = readTime(&entry); !ok {
		return malformed("a date of the list")
	}
	if !entry.Empty() {
		if err := eachExtension(entry, l.entryExtension(&revocation)); err != nil {
			return err
		}
	}
	l.keepEarliest(revocation)
	return nil
}

// keepEarliest: a list that names a serial number twice revokes from the earlier
// time on.
func (l *CRL) keepEarliest(revocation Revocation) {
	key := revocation.Serial.String()
	if known, twice := l.revoked[key]; twice && known.At.Before(revocation.At) {
		return
	}
	l.revoked[key] = revocation
}

func (l *CRL) entryExtension(revocation *Revocation) func(string, bool, cryptobyte.String) {
	return func(oid string, critical bool, value cryptobyte.String) {
		switch oid {
		case oidReasonCode:
			var reason int
			if !value.ReadASN1Enum(&reason) {
				l.blocking = "a reason code cannot be read"
			}
			revocation.Reason = Reason(reason)
		case oidInvalidityDate:
			since, _, ok := readTime(&value)
			if !ok {
				l.blocking = "an invalidity date cannot be read"
			}
			if ok && since.Before(revocation.At) {
				revocation.At = since
			}
		default:
			if critical {
				l.blocking = "an entry has a critical extension that is not understood"
			}
		}
	}
}

func (l *CRL) parseExtensions(tbs *cryptobyte.String) error {
	var extensions cryptobyte.String
	var present bool
	if !tbs.ReadOptionalASN1(&extensions, &present, tagExplicit0) || !tbs.Empty() {
		return malformed("the list's extensions")
	}
	if !present {
		return nil
	}
	return eachExtension(extensions, l.takeExtension)
}

// takeExtension blocks partial and indirect lists: both mark themselves by a
// critical extension.
func (l *CRL) takeExtension(oid string, critical bool, value cryptobyte.String) {
	switch oid {
	case oidCRLNumber:
		l.Number = new(big.Int)
		if !value.ReadASN1Integer(l.Number) {
			l.blocking = "the list's number cannot be read"
		}
	case oidAuthorityKeyID:
		id, ok := readAuthorityKeyID(value)
		if !ok {
			l.blocking = "the list's authority key identifier cannot be read"
		}
		l.issuerKeyID = id
	default:
		if critical {
			l.blocking = "the list has a critical extension that is not understood"
		}
	}
}
