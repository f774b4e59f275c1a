package eseal_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// office is a seal, who may use it, and the certificate of its maker.
type office struct {
	maker, holder   *sm.PrivateKey
	makerCert, cert []byte
	seal            []byte
}

func newKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certify(t testing.TB, key *sm.PrivateKey, name string) []byte {
	t.Helper()
	der, err := pki.NewRoot(t.Context(), key, name, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newOffice(t testing.TB) office {
	t.Helper()
	o := office{maker: newKey(t), holder: newKey(t)}
	o.makerCert, o.cert = certify(t, o.maker, "测试制章"), certify(t, o.holder, "测试局")
	seal, err := o.asked().Make(t.Context(), o.maker, o.makerCert)
	if err != nil {
		t.Fatal(err)
	}
	o.seal = seal
	return o
}

func (o office) asked() eseal.NewSeal {
	return eseal.NewSeal{Vendor: "KAPOK", ID: "44010600000001", Name: "测试局电子印章", Type: 1, Certificates: [][]byte{o.cert},
		Created: noon, From: noon, To: noon.AddDate(1, 0, 0), Picture: eseal.Picture{Type: "png", Data: []byte("picture"), Width: 40, Height: 40}}
}

func (o office) asks() eseal.ToSign {
	return eseal.ToSign{Seal: o.seal, Certificate: o.cert, At: noon, DataHash: make([]byte, sm.Size), Property: "/Doc_0/Signs/Sign_0/Signature.xml"}
}

func (o office) sign(t testing.TB, enc sm.Encoding) []byte {
	t.Helper()
	asked := o.asks()
	tbs, err := asked.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	value, err := o.holder.Sign(t.Context(), tbs, enc)
	if err != nil {
		t.Fatal(err)
	}
	der, err := asked.Finish(tbs, value)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestWhatIsMadeIsRead(t *testing.T) {
	o := newOffice(t)
	signature, err := eseal.ParseSignature(o.sign(t, sm.DER))
	if err != nil {
		t.Fatal(err)
	}
	seal := signature.Seal
	if seal.Version != eseal.V4 || seal.Name != "测试局电子印章" || seal.ID != "44010600000001" || seal.Picture.Width != 40 || !seal.From.Equal(noon) || len(seal.Oddities)+len(signature.Oddities) > 0 {
		t.Errorf("%+v", seal)
	}
	if !signature.Time.Equal(noon) || !bytes.Equal(seal.Raw, o.seal) {
		t.Errorf("time %v", signature.Time)
	}
	check(t, "signature", signature.Signer)
	check(t, "seal", seal.Maker)
}

// Each is refused before anything is signed.
func TestWhatIsNotMade(t *testing.T) {
	o := newOffice(t)
	for name, change := range map[string]func(*eseal.NewSeal){
		"no vendor":          func(n *eseal.NewSeal) { n.Vendor = "" },
		"Chinese identifier": func(n *eseal.NewSeal) { n.ID = "测试" },
		"no name":            func(n *eseal.NewSeal) { n.Name = "" },
		"no kind":            func(n *eseal.NewSeal) { n.Type = 0 },
		"nobody may seal":    func(n *eseal.NewSeal) { n.Certificates = nil },
		"ends before":        func(n *eseal.NewSeal) { n.To = n.From },
		"no picture":         func(n *eseal.NewSeal) { n.Picture.Data = nil },
	} {
		asked := o.asked()
		change(&asked)
		if _, err := asked.Make(t.Context(), o.maker, o.makerCert); !errors.Is(err, eseal.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.asked().Make(t.Context(), o.maker, o.cert); !errors.Is(err, eseal.ErrInput) {
		t.Errorf("another's certificate: %v", err)
	}
	for name, change := range map[string]func(*eseal.ToSign){
		"a stranger": func(s *eseal.ToSign) { s.Certificate = o.makerCert },
		"no time":    func(s *eseal.ToSign) { s.At = time.Time{} },
		"short hash": func(s *eseal.ToSign) { s.DataHash = s.DataHash[1:] },
		"no path":    func(s *eseal.ToSign) { s.Property = "" },
	} {
		asked := o.asks()
		change(&asked)
		if _, err := asked.Bytes(); !errors.Is(err, eseal.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	asked := o.asks()
	asked.Seal = asked.Seal[:len(asked.Seal)-1]
	if _, err := asked.Bytes(); !errors.Is(err, eseal.ErrMalformed) {
		t.Errorf("a cut seal: %v", err)
	}
}

// The forms that a signature is written in: each is accepted for what it is, and told.
func TestFormsOfSignatures(t *testing.T) {
	o := newOffice(t)
	raw, err := eseal.ParseSignature(o.sign(t, sm.Raw))
	if err != nil {
		t.Fatal(err)
	}
	r, s := raw.Signer.Value[:32], raw.Signer.Value[32:]
	numbers := func(prefix ...byte) []byte {
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, number := range [][]byte{r, s} {
				b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(prefix, number)) })
			}
		})
		return b.BytesOrPanic()
	}
	for name, test := range map[string]struct {
		value []byte
		form  eseal.Form
		err   error
	}{
		"raw":            {raw.Signer.Value, eseal.FormRaw, nil},
		"two zeros more": {numbers(0, 0), eseal.FormLoose, nil},
		"cut":            {raw.Signer.Value[:63], eseal.FormDER, sm.ErrInvalid},
		"nothing":        {nil, eseal.FormDER, sm.ErrInvalid},
		"swapped":        {slices.Concat(s, r), eseal.FormRaw, sm.ErrInvalid},
	} {
		signed := raw.Signer
		signed.Value = test.value
		if form, err := signed.Verify(verifier(), "test", o.holder.Public()); form != test.form || !errors.Is(err, test.err) {
			t.Errorf("%s: %q, %v", name, form, err)
		}
	}
	signed := raw.Signer
	signed.Algorithm = "1.2.840.10045.4.3.2"
	if _, err := signed.Verify(verifier(), "test", o.holder.Public()); !errors.Is(err, eseal.ErrAlgorithm) {
		t.Errorf("ECDSA: %v", err)
	}
}

// Wherever it is cut, a signature is refused as a structure, not as a forgery.
func TestTruncated(t *testing.T) {
	der := newOffice(t).sign(t, sm.DER)
	for cut := range der {
		if _, err := eseal.ParseSignature(der[:cut]); !errors.Is(err, eseal.ErrMalformed) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
	if _, err := eseal.ParseSignature(append(bytes.Clone(der), 0)); !errors.Is(err, eseal.ErrMalformed) {
		t.Errorf("a byte more: %v", err)
	}
}
