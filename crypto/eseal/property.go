package eseal

import (
	"bytes"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/sm"
)

// maxCertificates bounds the list of who may seal.
const maxCertificates = 1024

// The kinds of SES_CertList.
const (
	listOfCertificates = 1
	listOfDigests      = 2
)

func (s *Seal) readProperty(in cryptobyte.String, old bool, odd *oddities) error {
	if !in.ReadASN1Integer(&s.Type) {
		return malformed("the kind of seal")
	}
	var ok bool
	if s.Name, ok = odd.readText(&in, asn1.UTF8String, "the seal's name"); !ok {
		return malformed("the seal's name")
	}
	kind := listOfCertificates
	if !old && !in.ReadASN1Integer(&kind) {
		return malformed("the kind of the list of certificates")
	}
	var list cryptobyte.String
	if !in.ReadASN1(&list, asn1.SEQUENCE) {
		return malformed("the list of certificates")
	}
	if err := s.readList(list, kind); err != nil {
		return err
	}
	return s.readDates(in, old, odd)
}

func (s *Seal) readDates(in cryptobyte.String, old bool, odd *oddities) error {
	wanted := asn1.GeneralizedTime
	if old {
		wanted = asn1.UTCTime
	}
	for _, date := range []struct {
		into *time.Time
		part string
	}{{&s.Created, "the seal's date"}, {&s.From, "the start of the seal's life"}, {&s.To, "the end of the seal's life"}} {
		var ok bool
		if *date.into, ok = odd.readMoment(&in, wanted, date.part); !ok {
			return malformed(date.part)
		}
	}
	if !in.Empty() {
		return malformed("the seal's properties, which go on")
	}
	return nil
}

func (s *Seal) readList(list cryptobyte.String, kind int) error {
	for n := 0; !list.Empty(); n++ {
		if n == maxCertificates {
			return malformed("the list of certificates, which has more than 1024")
		}
		if err := s.readListed(&list, kind); err != nil {
			return err
		}
	}
	return nil
}

func (s *Seal) readListed(list *cryptobyte.String, kind int) error {
	switch kind {
	case listOfCertificates:
		certificate, ok := readBytes(list)
		if !ok {
			return malformed("a certificate of the list")
		}
		s.Certificates = append(s.Certificates, certificate)
	case listOfDigests:
		return s.readDigest(list)
	default:
		return malformed("the kind of the list of certificates")
	}
	return nil
}

func (s *Seal) readDigest(list *cryptobyte.String) error {
	var entry cryptobyte.String
	odd := &oddities{}
	if !list.ReadASN1(&entry, asn1.SEQUENCE) {
		return malformed("a digest of the list")
	}
	algorithm, ok := odd.readText(&entry, asn1.PrintableString, "a digest's algorithm")
	if !ok {
		return malformed("a digest's algorithm")
	}
	value, ok := readBytes(&entry)
	if !ok || !entry.Empty() {
		return malformed("a digest's value")
	}
	s.Digests = append(s.Digests, CertDigest{Algorithm: algorithm, Value: value})
	return nil
}

// Allows tells whether the certificate, DER, is on the seal's list. decided is false
// when the list is of digests by an algorithm that is not checked here.
func (s *Seal) Allows(certificate []byte) (allowed, decided bool) {
	for _, listed := range s.Certificates {
		if bytes.Equal(listed, certificate) {
			return true, true
		}
	}
	decided = true
	digest := sm.Sum(certificate)
	for _, listed := range s.Digests {
		if !isSM3(listed.Algorithm) {
			decided = false
			continue
		}
		if bytes.Equal(listed.Value, digest[:]) {
			return true, true
		}
	}
	return false, decided
}

func isSM3(algorithm string) bool {
	return strings.EqualFold(algorithm, "SM3") || algorithm == "1.2.156.10197.1.401"
}
