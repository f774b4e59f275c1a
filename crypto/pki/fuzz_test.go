package pki_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"kapok/crypto/pki"
)

// FuzzParse: no input makes the parser panic, and what smx509 reads, we read
// alike.
func FuzzParse(f *testing.F) {
	root := newRoot(f)
	f.Add(root.cert.Raw)
	f.Add(root.issue(f, pki.Request{Name: "测试", Organization: "测试", Usage: pki.Seal}).cert.Raw)
	f.Add([]byte{0x30, 0x00})
	f.Fuzz(func(t *testing.T, der []byte) {
		ours, err := pki.Parse(der)
		if err != nil {
			return
		}
		if !bytes.Equal(ours.Raw, der) {
			t.Fatal("the bytes were not kept")
		}
		theirs, err := smx509.ParseCertificate(der)
		if err == nil && len(ours.Oddities) == 0 {
			compare(t, ours, theirs)
		}
		_ = pki.VerifyChain(verifier(), "fuzz", ours, []*pki.Certificate{ours}, certs(root), noon)
	})
}

func compare(t *testing.T, ours *pki.Certificate, theirs *smx509.Certificate) {
	t.Helper()
	same := map[string]bool{
		"serial":     ours.Serial.Cmp(theirs.SerialNumber) == 0,
		"life":       ours.NotBefore.Equal(theirs.NotBefore) && ours.NotAfter.Equal(theirs.NotAfter),
		"CA":         ours.IsCA == theirs.IsCA,
		"key usage":  uint16(ours.KeyUsage)&0x1ff == uint16(theirs.KeyUsage)&0x1ff,
		"subject":    bytes.Equal(ours.RawSubject, theirs.RawSubject),
		"tbs":        bytes.Equal(ours.RawTBS, theirs.RawTBSCertificate),
		"key ID":     bytes.Equal(ours.SubjectKeyID, theirs.SubjectKeyId),
		"issuer ID":  bytes.Equal(ours.IssuerKeyID, theirs.AuthorityKeyId),
		"public key": bytes.Equal(ours.RawKey, theirs.RawSubjectPublicKeyInfo),
	}
	for what, agree := range same {
		if !agree {
			t.Errorf("%s is read differently: %+v, %+v", what, ours, theirs)
		}
	}
}

// FuzzParseCRL: no input makes the list parser panic.
func FuzzParseCRL(f *testing.F) {
	root := newRoot(f)
	f.Add(newList(f, root, noon, noon.AddDate(0, 0, 1), pki.Revocation{Serial: root.cert.Serial, At: noon, Reason: pki.KeyCompromise}).Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		list, err := pki.ParseCRL(der)
		if err == nil && !slices.Equal(list.Raw, der) {
			t.Fatal("the bytes were not kept")
		}
	})
}

// FuzzSigningRequest: no input makes the request parser panic, and nothing that
// is not signed by its own key passes.
func FuzzSigningRequest(f *testing.F) {
	der, err := pki.NewSigningRequest(f.Context(), newKey(f), "测试")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Fuzz(func(t *testing.T, changed []byte) {
		_, err := pki.ParseSigningRequest(verifier(), "fuzz", changed)
		if err == nil && !bytes.Equal(changed, der) {
			if _, err := smx509.ParseCertificateRequest(changed); err != nil {
				t.Errorf("a request that smx509 cannot read passed: %v", err)
			}
		}
	})
}
