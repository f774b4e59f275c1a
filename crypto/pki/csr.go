package pki

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509/pkix"
	"fmt"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/sm"
)

// SigningRequest is a PKCS#10 request (RFC 2986) whose signature proves that the
// sender holds the key.
type SigningRequest struct {
	Subject Name
	Public  *sm.PublicKey
}

// NewSigningRequest asks for a certificate for signer's key in the given name.
func NewSigningRequest(ctx context.Context, signer sm.Signer, name string) ([]byte, error) {
	adapter, err := newMessageSigner(ctx, signer)
	if err != nil {
		return nil, err
	}
	template := &smx509.CertificateRequest{Subject: pkix.Name{Country: []string{"CN"}, CommonName: name}}
	der, err := smx509.CreateCertificateRequest(rand.Reader, template, adapter)
	if err != nil {
		return nil, fmt.Errorf("pki: creating the request: %w", err)
	}
	return der, nil
}

// ParseSigningRequest reads a DER request of at most 64 KiB and checks its
// signature. What extensions it asks for is not read: the issuer decides those.
func ParseSigningRequest(v *sm.Verifier, caller string, der []byte) (*SigningRequest, error) {
	if len(der) > maxCertificate {
		return nil, fmt.Errorf("%w: it is longer than 64 KiB", ErrMalformed)
	}
	input := cryptobyte.String(bytes.Clone(der))
	signed, err := parseSigned(&input)
	if err != nil {
		return nil, err
	}
	request, err := parseRequestInfo(signed.tbs)
	if err != nil {
		return nil, err
	}
	return request, signed.verify(v, caller, request.Public)
}

func parseRequestInfo(tbs cryptobyte.String) (*SigningRequest, error) {
	var info, subject, key cryptobyte.String
	var version int
	if !tbs.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1Integer(&version) || version != 0 {
		return nil, malformed("the request's version")
	}
	if !info.ReadASN1Element(&subject, asn1.SEQUENCE) || !info.ReadASN1Element(&key, asn1.SEQUENCE) {
		return nil, malformed("the request's subject or key")
	}
	public, err := parseKeyInfo(key)
	if err != nil {
		return nil, err
	}
	return &SigningRequest{Subject: readName(subject, func(string) {}), Public: public}, nil
}

// verify checks the object's signature: SM3 with SM2, DER, default identifier.
func (s signedObject) verify(v *sm.Verifier, caller string, by *sm.PublicKey) error {
	if s.algorithm != oidSM3WithSM2 {
		return fmt.Errorf("%w: it is not signed with SM2 and SM3", ErrUsage)
	}
	return v.Verify(caller, by, s.tbs, s.signature, sm.DER)
}
