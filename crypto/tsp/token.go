package tsp

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// ErrMalformed says that something is not a reply or a token as RFC 3161 has them.
var ErrMalformed = errors.New("tsp: it is not a time-stamp of RFC 3161")

func malformed(part string) error { return fmt.Errorf("%w: %s", ErrMalformed, part) }

const maxReply = 64 << 10

// ParseReply reads a TimeStampResp and returns its token; an error when the authority
// granted none.
func ParseReply(reply []byte) (token []byte, err error) {
	in := cryptobyte.String(reply)
	var response, status, rest cryptobyte.String
	var code int
	if len(reply) > maxReply || !in.ReadASN1(&response, asn1.SEQUENCE) || !in.Empty() ||
		!response.ReadASN1(&status, asn1.SEQUENCE) || !status.ReadASN1Integer(&code) {
		return nil, malformed("the reply")
	}
	if code != 0 && code != 1 { // granted, grantedWithMods
		return nil, fmt.Errorf("tsp: the authority refused, status %d", code)
	}
	if !response.ReadASN1Element(&rest, asn1.SEQUENCE) || !response.Empty() {
		return nil, malformed("the reply's token")
	}
	return rest, nil
}

// Token is a time-stamp token as it was read; nothing of it is verified.
type Token struct {
	Time    time.Time
	Serial  *big.Int
	Nonce   *big.Int // nil: none
	imprint Imprint

	content    []byte // TSTInfo, DER
	attributes []byte // the signed attributes, as they are signed
	digest     []byte // attribute messageDigest
	certHash   []byte // of the authority's certificate, by SM3
	signature  []byte
	chain      []*pki.Certificate // as they came along
}

// ParseToken reads a token: a CMS SignedData (RFC 5652) of one signer over TSTInfo.
func ParseToken(token []byte) (*Token, error) {
	in := cryptobyte.String(token)
	var info, explicit, signed cryptobyte.String
	if len(token) > maxReply || !in.ReadASN1(&info, asn1.SEQUENCE) || !in.Empty() || !readOID(&info, oidSignedData) ||
		!info.ReadASN1(&explicit, context(0)) || !explicit.ReadASN1(&signed, asn1.SEQUENCE) || !info.Empty() || !explicit.Empty() {
		return nil, malformed("the token's envelope")
	}
	var version int
	var algorithms, content, wrapped cryptobyte.String
	t := &Token{}
	if !signed.ReadASN1Integer(&version) || version != 3 || !signed.ReadASN1(&algorithms, asn1.SET) ||
		!signed.ReadASN1(&content, asn1.SEQUENCE) || !readOID(&content, oidTSTInfo) || !content.ReadASN1(&wrapped, context(0)) ||
		!wrapped.ReadASN1Bytes(&t.content, asn1.OCTET_STRING) || !wrapped.Empty() || !content.Empty() {
		return nil, malformed("the signed content")
	}
	if err := t.readCertificates(&signed); err != nil {
		return nil, err
	}
	if err := t.readSigner(&signed); err != nil {
		return nil, err
	}
	return t, t.readInfo()
}

func context(tag uint8) asn1.Tag { return asn1.Tag(tag).ContextSpecific().Constructed() }

func readOID(in *cryptobyte.String, wanted string) bool {
	var oid cryptobyte.String
	return in.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) && string(oid) == wanted
}

// readCertificates passes over revocation lists, which no chain here asks for.
func (t *Token) readCertificates(signed *cryptobyte.String) error {
	var set, lists cryptobyte.String
	var present bool
	if !signed.ReadOptionalASN1(&set, &present, context(0)) || !signed.ReadOptionalASN1(&lists, &present, context(1)) {
		return malformed("the certificates")
	}
	for !set.Empty() {
		var der cryptobyte.String
		if !set.ReadASN1Element(&der, asn1.SEQUENCE) {
			return malformed("a certificate")
		}
		certificate, err := pki.Parse(der)
		if err != nil {
			return err
		}
		t.chain = append(t.chain, certificate)
	}
	return nil
}

// readSigner wants one signer, SM2 with SM3, with signed attributes. sid is not
// read: the attribute signingCertificateV2 names the certificate, and is signed.
func (t *Token) readSigner(signed *cryptobyte.String) error {
	var signers, signer, sid, digestAlgorithm, attributes, signatureAlgorithm cryptobyte.String
	var version int
	if !signed.ReadASN1(&signers, asn1.SET) || !signed.Empty() || !signers.ReadASN1(&signer, asn1.SEQUENCE) || !signers.Empty() ||
		!signer.ReadASN1Integer(&version) || version != 1 || !signer.ReadASN1(&sid, asn1.SEQUENCE) ||
		!signer.ReadASN1(&digestAlgorithm, asn1.SEQUENCE) || !readOID(&digestAlgorithm, oidSM3) ||
		!signer.ReadASN1(&attributes, context(0)) || !signer.ReadASN1(&signatureAlgorithm, asn1.SEQUENCE) ||
		!signer.ReadASN1Bytes(&t.signature, asn1.OCTET_STRING) || !signer.Empty() {
		return malformed("the signer; only SM2 with SM3 is read")
	}
	var algorithm cryptobyte.String
	if !signatureAlgorithm.ReadASN1(&algorithm, asn1.OBJECT_IDENTIFIER) || string(algorithm) != oidSM2WithSM3 && string(algorithm) != oidSM2 {
		return malformed("the signature's algorithm; only SM2 with SM3 is read")
	}
	var b cryptobyte.Builder // signed as a SET OF, not as the context tag (RFC 5652, 5.4)
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
	t.attributes = b.BytesOrPanic()
	return t.readAttributes(attributes)
}

func (t *Token) readAttributes(attributes cryptobyte.String) error {
	seen := map[string]bool{}
	for !attributes.Empty() {
		var attribute, oid, values cryptobyte.String
		if !attributes.ReadASN1(&attribute, asn1.SEQUENCE) || !attribute.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			!attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() || seen[string(oid)] {
			return malformed("a signed attribute")
		}
		seen[string(oid)] = true
		read, known := attributeReaders[string(oid)]
		if known && (!read(t, &values) || !values.Empty()) {
			return malformed("a signed attribute's value")
		}
	}
	if !seen[oidType] || !seen[oidDigest] || !seen[oidCertV2] {
		return malformed("a signed attribute is missing")
	}
	return nil
}

var attributeReaders = map[string]func(*Token, *cryptobyte.String) bool{
	oidType:   func(_ *Token, in *cryptobyte.String) bool { return readOID(in, oidTSTInfo) },
	oidDigest: func(t *Token, in *cryptobyte.String) bool { return in.ReadASN1Bytes(&t.digest, asn1.OCTET_STRING) },
	oidCertV2: readCertificateID,
}

// readCertificateID takes the first ESSCertIDv2 (RFC 5816), by SM3.
func readCertificateID(t *Token, in *cryptobyte.String) bool {
	var outer, list, first, algorithm cryptobyte.String
	return in.ReadASN1(&outer, asn1.SEQUENCE) && outer.ReadASN1(&list, asn1.SEQUENCE) && list.ReadASN1(&first, asn1.SEQUENCE) &&
		first.ReadASN1(&algorithm, asn1.SEQUENCE) && readOID(&algorithm, oidSM3) && first.ReadASN1Bytes(&t.certHash, asn1.OCTET_STRING)
}

// readInfo reads TSTInfo as far as it matters; accuracy, ordering and the name of the
// authority may stand there.
func (t *Token) readInfo() error {
	in := cryptobyte.String(t.content)
	var info, policy, imprint, algorithm, digest cryptobyte.String
	var version int
	serial := new(big.Int)
	if !in.ReadASN1(&info, asn1.SEQUENCE) || !in.Empty() || !info.ReadASN1Integer(&version) || version != 1 ||
		!info.ReadASN1(&policy, asn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&imprint, asn1.SEQUENCE) ||
		!imprint.ReadASN1(&algorithm, asn1.SEQUENCE) || !imprint.ReadASN1(&digest, asn1.OCTET_STRING) || !imprint.Empty() ||
		!info.ReadASN1Integer(serial) {
		return malformed("what was stamped")
	}
	var oid, moment cryptobyte.String
	if !algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&moment, asn1.GeneralizedTime) {
		return malformed("the time")
	}
	at, err := time.Parse("20060102150405.999999999Z", string(moment))
	if err != nil {
		return malformed("the time")
	}
	t.Time, t.Serial, t.imprint = at, serial, Imprint{string(oid), digest}
	return t.readNonce(info)
}

func (t *Token) readNonce(rest cryptobyte.String) error {
	var skipped cryptobyte.String
	if rest.PeekASN1Tag(asn1.SEQUENCE) && !rest.ReadASN1(&skipped, asn1.SEQUENCE) { // accuracy
		return malformed("the accuracy")
	}
	if rest.PeekASN1Tag(asn1.BOOLEAN) && !rest.ReadASN1(&skipped, asn1.BOOLEAN) { // ordering
		return malformed("the ordering")
	}
	if rest.PeekASN1Tag(asn1.INTEGER) {
		t.Nonce = new(big.Int)
		if !rest.ReadASN1Integer(t.Nonce) {
			return malformed("the nonce")
		}
	}
	return nil
}

// ErrImprint says that the token is about something else.
var ErrImprint = errors.New("tsp: the token is about another digest")

// Verify checks that the token is about imprint and that the authority signed it, by
// a certificate for time-stamping that was in force then and leads to one of roots.
// intermediates may hold what did not come with the token. Without roots the chain is
// not judged: the caller trusts nobody yet. The error of a signature is sm's.
func (t *Token) Verify(v *sm.Verifier, caller string, imprint Imprint, intermediates, roots []*pki.Certificate) error {
	if t.imprint.algorithm != imprint.algorithm || !bytes.Equal(t.imprint.digest, imprint.digest) {
		return ErrImprint
	}
	authority := t.authority(intermediates)
	if authority == nil {
		return errors.New("tsp: the authority's certificate is missing")
	}
	content := sm.Sum(t.content)
	if !bytes.Equal(t.digest, content[:]) {
		return errors.New("tsp: the signed attributes are of another content")
	}
	key, err := authority.PublicKey()
	if err != nil {
		return err
	}
	if err := v.Verify(caller, key, t.attributes, t.signature, sm.DER); err != nil {
		return err
	}
	if err := authority.RequireUsage(pki.TimeStamping); err != nil {
		return err
	}
	if len(roots) == 0 {
		return nil
	}
	return pki.VerifyChain(v, caller, authority, append(t.chain, intermediates...), roots, t.Time)
}

// authority is the certificate that the signed attributes name.
func (t *Token) authority(others []*pki.Certificate) *pki.Certificate {
	for _, certificate := range append(t.chain[:len(t.chain):len(t.chain)], others...) {
		hash := sm.Sum(certificate.Raw)
		if bytes.Equal(hash[:], t.certHash) {
			return certificate
		}
	}
	return nil
}
