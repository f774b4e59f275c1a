package pki

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"kapok/crypto/sm"
)

// Revoked asks for a list of everything revoked so far.
type Revoked struct {
	Number     int64 // grows by one with each list of an issuer
	ThisUpdate time.Time
	NextUpdate time.Time
	Entries    []Revocation
}

// NewCRL makes the list, signed by ca's key.
func NewCRL(ctx context.Context, ca *Certificate, caSigner sm.Signer, r Revoked) ([]byte, error) {
	if err := ca.requireAuthority(CRLSign); err != nil {
		return nil, err
	}
	if r.Number < 1 || !r.ThisUpdate.Before(r.NextUpdate) {
		return nil, errors.New("pki: a list has a positive number and ends after it begins")
	}
	adapter, err := newMessageSigner(ctx, caSigner)
	if err != nil {
		return nil, err
	}
	issuer := &smx509.Certificate{
		RawSubject:   ca.RawSubject,
		SubjectKeyId: ca.SubjectKeyID,
		KeyUsage:     smx509.KeyUsageCRLSign,
	}
	template := &smx509.RevocationList{
		Number:                    big.NewInt(r.Number),
		ThisUpdate:                r.ThisUpdate,
		NextUpdate:                r.NextUpdate,
		RevokedCertificateEntries: entriesFor(r.Entries),
	}
	der, err := smx509.CreateRevocationList(rand.Reader, template, issuer, adapter)
	if err != nil {
		return nil, fmt.Errorf("pki: creating the list: %w", err)
	}
	return der, nil
}

func entriesFor(revocations []Revocation) []smx509.RevocationListEntry {
	entries := make([]smx509.RevocationListEntry, len(revocations))
	for i, revocation := range revocations {
		entries[i] = smx509.RevocationListEntry{
			SerialNumber:   revocation.Serial,
			RevocationTime: revocation.At,
			ReasonCode:     int(revocation.Reason),
		}
	}
	return entries
}
