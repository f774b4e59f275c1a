package pki_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/encoding/simplifiedchinese"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// resign puts a changed signed part under a's signature, as a careless authority
// would have written it.
func (a authority) resign(t testing.TB, tbs []byte) []byte {
	t.Helper()
	signature, err := a.key.Sign(t.Context(), tbs, sm.DER)
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(outer *cryptobyte.Builder) {
		outer.AddBytes(tbs)
		outer.AddASN1(asn1.SEQUENCE, func(algorithm *cryptobyte.Builder) {
			algorithm.AddBytes([]byte("\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75"))
		})
		outer.AddASN1BitString(signature)
	})
	der, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func replaceOnce(t testing.TB, in, old, with []byte) []byte {
	t.Helper()
	if len(old) != len(with) || bytes.Count(in, old) != 1 {
		t.Fatalf("the pattern occurs %d times", bytes.Count(in, old))
	}
	return bytes.Replace(in, old, with, 1)
}

func TestChineseInStringsThatForbidIt(t *testing.T) {
	root := newRoot(t)
	leaf := root.issue(t, pki.Request{Name: "测试印章", Usage: pki.Seal})
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte("红棉测试"))
	if err != nil {
		t.Fatal(err)
	}
	utf := append([]byte{0x0c, 12}, "测试印章"...)
	cases := map[string]struct {
		with         []byte
		name, oddity string
	}{
		"UTF-8 in IA5String":       {append([]byte{0x16, 12}, "测试印章"...), "测试印章", "IA5String holds UTF-8"},
		"UTF-8 in PrintableString": {append([]byte{0x13, 12}, "测试印章"...), "测试印章", "PrintableString holds UTF-8"},
		"GB 18030 in IA5String":    {slices.Concat([]byte{0x16, 12}, gbk, []byte("   \x20")), "红棉测试    ", "IA5String holds GB 18030"},
		"nonsense in UTF8String":   {append([]byte{0x0c, 12}, bytes.Repeat([]byte{0xff}, 12)...), "", "UTF8String holds"},
		"BMPString":                {[]byte("\x1e\x0c\x6d\x4b\x8b\xd5\x53\x70\x7a\xe0\x6d\x4b\x8b\xd5"), "测试印章测试", ""},
	}
	for label, c := range cases {
		t.Run(label, func(t *testing.T) {
			der := root.resign(t, replaceOnce(t, leaf.cert.RawTBS, utf, c.with))
			read := parse(t, der, nil)
			if !strings.HasPrefix(read.CommonName(), c.name) {
				t.Errorf("read %q", read.CommonName())
			}
			if told := strings.Join(read.Oddities, "; "); !strings.Contains(told, c.oddity) || (c.oddity == "") != (told == "") {
				t.Errorf("told %q", told)
			}
			if !bytes.Equal(read.Raw, der) {
				t.Error("the bytes were not kept")
			}
			if err := pki.VerifyChain(verifier(), "test", read, nil, certs(root), noon); err != nil {
				t.Errorf("a name that is oddly written made the chain fail: %v", err)
			}
		})
	}
}

func TestDoubtfulPartsMakeTheChainFail(t *testing.T) {
	root := newRoot(t)
	leaf := root.issue(t, pki.Request{Name: "d", Usage: pki.Department})
	keyUsage := []byte("\x06\x03\x55\x1d\x0f\x01\x01\xff")
	cases := map[string]struct{ old, with []byte }{
		"critical extension unknown": {keyUsage, []byte("\x06\x03\x55\x1d\x7f\x01\x01\xff")},
		"name constraints":           {keyUsage, []byte("\x06\x03\x55\x1d\x1e\x01\x01\xff")},
		"extension twice":            {[]byte("\x06\x03\x55\x1d\x0e"), []byte("\x06\x03\x55\x1d\x23")},
		"key usage is no bit string": {[]byte("\x03\x02\x07\x80"), []byte("\x04\x02\x07\x80")},
		"date is none":               {[]byte("\x17\x0d261123110000Z"), []byte("\x17\x0d269923110000Z")},
	}
	for label, c := range cases {
		t.Run(label, func(t *testing.T) {
			read := parse(t, root.resign(t, replaceOnce(t, leaf.cert.RawTBS, c.old, c.with)), nil)
			if len(read.Oddities) == 0 || read.CommonName() != "d" {
				t.Errorf("oddities %v, name %q", read.Oddities, read.CommonName())
			}
			if err := pki.VerifyChain(verifier(), "test", read, nil, certs(root), noon); !errors.Is(err, pki.ErrUnreadable) {
				t.Errorf("chain: %v", err)
			}
		})
	}
}

// An authority that forgets the rule does not make an operational key long-lived.
func TestLongLivedOperationalCertificateIsRefused(t *testing.T) {
	root := newRoot(t)
	leaf := root.issue(t, pki.Request{Name: "op", Usage: pki.Operational})
	longer := replaceOnce(t, leaf.cert.RawTBS, []byte("261123180000Z"), []byte("261125180000Z"))
	_, err := pki.VerifyOperational(verifier(), "test", [][]byte{root.resign(t, longer)}, certs(root), noon)
	if !errors.Is(err, pki.ErrUsage) {
		t.Errorf("%v", err)
	}
}

func TestTwoDigitYears(t *testing.T) {
	root := newRoot(t)
	leaf := root.issue(t, pki.Request{Name: "d", Usage: pki.Department})
	for written, year := range map[string]int{"49": 2049, "50": 1950, "68": 1968, "99": 1999} {
		changed := replaceOnce(t, leaf.cert.RawTBS, []byte("261123110000Z"), []byte(written+"1123110000Z"))
		if read := parse(t, root.resign(t, changed), nil); read.NotBefore.Year() != year {
			t.Errorf("%s is read as %d", written, read.NotBefore.Year())
		}
	}
}

// Every byte of a certificate is covered by its signature or by DER.
func TestNoByteCanBeChanged(t *testing.T) {
	root := newRoot(t)
	leaf := root.issue(t, pki.Request{Name: "测试", Usage: pki.Operational}).cert.Raw
	for i := range leaf {
		changed := bytes.Clone(leaf)
		changed[i] ^= 1 << (i % 8)
		if _, err := pki.VerifyOperational(verifier(), "test", [][]byte{changed}, certs(root), noon); err == nil {
			t.Errorf("byte %d of %d can be changed", i, len(leaf))
		}
	}
	for cut := range leaf {
		if _, err := pki.Parse(leaf[:cut]); !errors.Is(err, pki.ErrMalformed) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	if _, err := pki.Parse(append(bytes.Clone(leaf), 0)); !errors.Is(err, pki.ErrMalformed) {
		t.Errorf("trailing byte: %v", err)
	}
}

// The certificates inside seals that real products made.
func TestRealCertificates(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "testdata", "ofd")
	files, err := filepath.Glob(filepath.Join(folder, "*.[ed][sa][lt]"))
	if err != nil || len(files) == 0 {
		t.Skip("../shared/testdata is not there: real certificates are not read")
	}
	for _, file := range files {
		contents, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := embedded(contents)
		if len(found) == 0 {
			t.Errorf("%s: no certificate was found in it", filepath.Base(file))
		}
		for _, certificate := range found {
			key, err := certificate.PublicKey()
			if err != nil || key == nil || certificate.CommonName() == "" || certificate.NotAfter.IsZero() {
				t.Errorf("%s: %q, %v, until %v", filepath.Base(file), certificate.Subject, err, certificate.NotAfter)
			}
		}
	}
}

// embedded finds every certificate that starts anywhere in contents.
func embedded(contents []byte) []*pki.Certificate {
	var found []*pki.Certificate
	for i := range contents {
		rest, element := cryptobyte.String(contents[i:]), cryptobyte.String(nil)
		if !rest.ReadASN1Element(&element, asn1.SEQUENCE) {
			continue
		}
		if certificate, err := pki.Parse(element); err == nil {
			found = append(found, certificate)
		}
	}
	return found
}
