package pki_test

import (
	"errors"
	"math/big"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// authority is a certificate with its key, for tests.
type authority struct {
	key  *sm.PrivateKey
	cert *pki.Certificate
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func parse(t testing.TB, der []byte, err error) *pki.Certificate {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := pki.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func newRoot(t testing.TB) authority {
	t.Helper()
	key := newKey(t)
	der, err := pki.NewRoot(t.Context(), key, "测试区根", noon.AddDate(-1, 0, 0), noon.AddDate(10, 0, 0))
	return authority{key, parse(t, der, err)}
}

func (a authority) issue(t testing.TB, r pki.Request) authority {
	t.Helper()
	key := newKey(t)
	r.Public = key.Public()
	if r.From.IsZero() {
		r.From, r.To = noon.Add(-time.Hour), noon.Add(6*time.Hour)
	}
	der, err := pki.Issue(t.Context(), a.cert, a.key, r)
	return authority{key, parse(t, der, err)}
}

func verifier() *sm.Verifier { return sm.NewVerifier(sm.VerifierOptions{Both: true}) }

func certs(list ...authority) []*pki.Certificate {
	out := make([]*pki.Certificate, len(list))
	for i, a := range list {
		out[i] = a.cert
	}
	return out
}

func TestIssuedCertificateSaysWhatWasAskedFor(t *testing.T) {
	root := newRoot(t)
	leaf := root.issue(t, pki.Request{Name: "测试数据局", Organization: "测试区政府", Usage: pki.Department}).cert
	if leaf.CommonName() != "测试数据局" || leaf.Subject.Organization() != "测试区政府" || leaf.Issuer.CommonName() != "测试区根" {
		t.Errorf("names: %v issued by %v", leaf.Subject, leaf.Issuer)
	}
	if len(leaf.Oddities) != 0 || len(root.cert.Oddities) != 0 {
		t.Errorf("oddities in our own certificates: %v %v", leaf.Oddities, root.cert.Oddities)
	}
	if leaf.IsCA || leaf.KeyUsage != pki.DigitalSignature || leaf.Version != 3 {
		t.Errorf("CA %v, key usage %b, version %d", leaf.IsCA, leaf.KeyUsage, leaf.Version)
	}
	if !root.cert.IsCA || root.cert.MaxPath != 1 || root.cert.KeyUsage != pki.CertSign|pki.CRLSign {
		t.Errorf("root: CA %v, path %d, key usage %b", root.cert.IsCA, root.cert.MaxPath, root.cert.KeyUsage)
	}
}

func TestUsagesAreToldApart(t *testing.T) {
	root := newRoot(t)
	for _, issued := range pki.Usages() {
		leaf := root.issue(t, pki.Request{Name: "x", Usage: issued}).cert
		for _, asked := range pki.Usages() {
			err := leaf.RequireUsage(asked)
			if (err == nil) != (asked == issued) {
				t.Errorf("certificate for %s asked for %s: %v", issued, asked, err)
			}
			if err != nil && !errors.Is(err, pki.ErrUsage) {
				t.Errorf("wrong reason: %v", err)
			}
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	root := newRoot(t)
	department := root.issue(t, pki.Request{Name: "d", Usage: pki.Department})
	lowest := root.issue(t, pki.Request{Name: "a", Usage: pki.Authority})
	public := newKey(t).Public()
	good := pki.Request{Name: "x", Usage: pki.Operational, From: noon, To: noon.Add(24 * time.Hour), Public: public}
	cases := map[string]struct {
		by     authority
		change func(*pki.Request)
	}{
		"no name":                   {root, func(r *pki.Request) { r.Name = "" }},
		"unknown usage":             {root, func(r *pki.Request) { r.Usage = "everything" }},
		"operational past 24 hours": {root, func(r *pki.Request) { r.To = r.To.Add(time.Second) }},
		"ends before it begins":     {root, func(r *pki.Request) { r.To = r.From }},
		"outlives its issuer":       {root, func(r *pki.Request) { r.Usage = pki.Seal; r.To = noon.AddDate(11, 0, 0) }},
		"older than its issuer":     {root, func(r *pki.Request) { r.Usage = pki.Seal; r.From = noon.AddDate(-2, 0, 0) }},
		"no key":                    {root, func(r *pki.Request) { r.Public = nil }},
		"issuer is no authority":    {department, func(*pki.Request) {}},
		"key of another issuer":     {authority{newKey(t), root.cert}, func(*pki.Request) {}},
		"no room for an authority":  {lowest, func(r *pki.Request) { r.Usage = pki.Authority }},
	}
	if _, err := pki.Issue(t.Context(), root.cert, root.key, good); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			request := good
			c.change(&request)
			if _, err := pki.Issue(t.Context(), c.by.cert, c.by.key, request); err == nil {
				t.Error("issued")
			}
		})
	}
}

func TestChain(t *testing.T) {
	root, stranger := newRoot(t), newRoot(t)
	middle := root.issue(t, pki.Request{Name: "中间", Usage: pki.Authority, From: noon.AddDate(0, -1, 0), To: noon.AddDate(1, 0, 0)})
	leaf := middle.issue(t, pki.Request{Name: "op", Usage: pki.Operational})
	falseChild := leaf.forge(t, root)
	cases := map[string]struct {
		leaf, middle, root authority
		at                 time.Time
		want               error
	}{
		"whole chain":           {leaf, middle, root, noon, nil},
		"middle alone":          {middle, stranger, root, noon, nil},
		"root itself":           {root, middle, root, noon, nil},
		"first second":          {leaf, middle, root, leaf.cert.NotBefore, nil},
		"last second":           {leaf, middle, root, leaf.cert.NotAfter, nil},
		"middle missing":        {leaf, stranger, root, noon, pki.ErrUntrusted},
		"other root":            {leaf, middle, stranger, noon, pki.ErrUntrusted},
		"too late for leaf":     {leaf, middle, root, leaf.cert.NotAfter.Add(time.Second), pki.ErrExpired},
		"too early":             {leaf, middle, root, leaf.cert.NotBefore.Add(-time.Second), pki.ErrExpired},
		"issued by no CA":       {falseChild, leaf, root, noon, pki.ErrUsage},
		"other key, same names": {leaf, authority{nil, twin(t, root, middle)}, root, noon, sm.ErrInvalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := pki.VerifyChain(verifier(), "test", c.leaf.cert, certs(c.middle), certs(c.root), c.at)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// The root has room for one authority; a second below it is refused, though every
// signature is right.
func TestPathLength(t *testing.T) {
	root := newRoot(t)
	middle := root.issue(t, pki.Request{Name: "中间", Usage: pki.Authority})
	roomy := *middle.cert
	roomy.MaxPath = 1
	lower := authority{middle.key, &roomy}.issue(t, pki.Request{Name: "下级", Usage: pki.Authority})
	leaf := lower.issue(t, pki.Request{Name: "op", Usage: pki.Operational})
	err := pki.VerifyChain(verifier(), "test", leaf.cert, certs(middle, lower), certs(root), noon)
	if !errors.Is(err, pki.ErrUsage) {
		t.Errorf("%v", err)
	}
	if err := pki.VerifyChain(verifier(), "test", leaf.cert, certs(lower), certs(middle), noon); !errors.Is(err, pki.ErrUsage) {
		t.Errorf("below an authority without room: %v", err)
	}
	if err := pki.VerifyChain(verifier(), "test", leaf.cert, nil, certs(lower), noon); err != nil {
		t.Errorf("the lowest itself trusted: %v", err)
	}
}

// forge lets a, which is no authority, issue as though it were one.
func (a authority) forge(t *testing.T, root authority) authority {
	t.Helper()
	lie := *root.cert
	lie.RawSubject, lie.SubjectKeyID, lie.RawKey = a.cert.RawSubject, a.cert.SubjectKeyID, a.cert.RawKey
	return authority{a.key, &lie}.issue(t, pki.Request{Name: "forged", Usage: pki.Operational})
}

// twin is a certificate that root gives to another key under middle's names and
// key identifier.
func twin(t *testing.T, root, middle authority) *pki.Certificate {
	t.Helper()
	other := root.issue(t, pki.Request{Name: "中间", Usage: pki.Authority, From: noon.AddDate(0, -1, 0), To: noon.AddDate(1, 0, 0)}).cert
	other.SubjectKeyID = middle.cert.SubjectKeyID
	return other
}

func TestJunkIntermediatesCostABoundedNumberOfChecks(t *testing.T) {
	root := newRoot(t)
	middle := root.issue(t, pki.Request{Name: "中间", Usage: pki.Authority})
	leaf := middle.issue(t, pki.Request{Name: "op", Usage: pki.Operational})
	junk := []*pki.Certificate{}
	for range 40 {
		other := root.issue(t, pki.Request{Name: "中间", Usage: pki.Authority}).cert
		other.SubjectKeyID = nil
		junk = append(junk, other)
	}
	err := pki.VerifyChain(verifier(), "test", leaf.cert, append(junk, middle.cert), certs(root), noon)
	if err == nil {
		t.Fatal("the chain was found behind 40 wrong issuers: nothing bounds the work")
	}
	if err := pki.VerifyChain(verifier(), "test", leaf.cert, append(certs(middle), junk...), certs(root), noon); err != nil {
		t.Fatal(err)
	}
}

func TestRevocation(t *testing.T) {
	root := newRoot(t)
	good, bad := root.issue(t, pki.Request{Name: "good", Usage: pki.Department}), root.issue(t, pki.Request{Name: "bad", Usage: pki.Department})
	revokedAt := noon.Add(-time.Minute)
	list := newList(t, root, noon, noon.Add(time.Hour), pki.Revocation{Serial: bad.cert.Serial, At: revokedAt, Reason: pki.KeyCompromise})
	foreign := newList(t, newRoot(t), noon, noon.Add(time.Hour))
	cases := map[string]struct {
		leaf authority
		at   time.Time
		list *pki.CRL
		want error
	}{
		"not listed":             {good, noon, list, nil},
		"revoked":                {bad, noon, list, pki.ErrRevoked},
		"from the second on":     {bad, revokedAt, list, pki.ErrRevoked},
		"before its revocation":  {bad, revokedAt.Add(-time.Second), list, nil},
		"list has ended":         {good, noon.Add(2 * time.Hour), list, pki.ErrRevocationUnknown},
		"ended list still bites": {bad, noon.Add(2 * time.Hour), list, pki.ErrRevoked},
		"list of another":        {good, noon, foreign, pki.ErrRevocationUnknown},
		"signature changed":      {good, noon, tamperedList(t, list), pki.ErrRevocationUnknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := pki.VerifyChain(verifier(), "test", c.leaf.cert, nil, certs(root), c.at, c.list)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if found, ok := list.Revocation(bad.cert.Serial); !ok || found.Reason != pki.KeyCompromise || list.Number.Cmp(big.NewInt(7)) != 0 {
		t.Errorf("entry %v, %v; number %v", found, ok, list.Number)
	}
}

func newList(t testing.TB, by authority, from, to time.Time, entries ...pki.Revocation) *pki.CRL {
	t.Helper()
	der, err := pki.NewCRL(t.Context(), by.cert, by.key, pki.Revoked{Number: 7, ThisUpdate: from, NextUpdate: to, Entries: entries})
	if err != nil {
		t.Fatal(err)
	}
	list, err := pki.ParseCRL(der)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func tamperedList(t *testing.T, list *pki.CRL) *pki.CRL {
	t.Helper()
	der := append([]byte(nil), list.Raw...)
	der[len(der)-1] ^= 1
	changed, err := pki.ParseCRL(der)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestVerifyOperational(t *testing.T) {
	root := newRoot(t)
	operational := root.issue(t, pki.Request{Name: "op", Usage: pki.Operational})
	department := root.issue(t, pki.Request{Name: "d", Usage: pki.Department})
	key, err := pki.VerifyOperational(verifier(), "test", [][]byte{operational.cert.Raw, root.cert.Raw}, certs(root), noon)
	if err != nil || !key.Equal(operational.key.Public()) {
		t.Fatalf("key %v, error %v", key, err)
	}
	if _, err := pki.VerifyOperational(verifier(), "test", [][]byte{department.cert.Raw}, certs(root), noon); !errors.Is(err, pki.ErrUsage) {
		t.Errorf("a department's certificate passed for an operational one: %v", err)
	}
	if _, err := pki.VerifyOperational(verifier(), "test", nil, certs(root), noon); err == nil {
		t.Error("an empty chain passed")
	}
}

func TestSigningRequest(t *testing.T) {
	key := newKey(t)
	der, err := pki.NewSigningRequest(t.Context(), key, "测试系统")
	if err != nil {
		t.Fatal(err)
	}
	request, err := pki.ParseSigningRequest(verifier(), "test", der)
	if err != nil || request.Subject.CommonName() != "测试系统" || !request.Public.Equal(key.Public()) {
		t.Fatalf("%+v, %v", request, err)
	}
	der[len(der)-1] ^= 1
	if _, err := pki.ParseSigningRequest(verifier(), "test", der); !errors.Is(err, sm.ErrInvalid) {
		t.Errorf("a request without proof of the key: %v", err)
	}
}
