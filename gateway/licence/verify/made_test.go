package verify_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"
	"time"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/verify"
)

var may = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

// office is somebody with a seal, and whom to trust for it.
type office struct {
	key        *sm.PrivateKey
	cert, seal []byte
	trust      verify.Trust
}

func newOffice(t testing.TB) office {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	newKey := func() *sm.PrivateKey {
		key, err := sm.GenerateKey()
		must(err)
		return key
	}
	from, to, rootKey, makerKey, key := may.AddDate(-1, 0, 0), may.AddDate(2, 0, 0), newKey(), newKey(), newKey()
	der, err := pki.NewRoot(t.Context(), rootKey, "测试根", from, to)
	must(err)
	root, err := pki.Parse(der)
	must(err)
	issue := func(name string, key *sm.PrivateKey) []byte {
		certificate, err := pki.Issue(t.Context(), root, rootKey, pki.Request{Name: name, Usage: pki.Seal, From: from, To: to, Public: key.Public()})
		must(err)
		return certificate
	}
	maker, holder := issue("测试制章", makerKey), issue("测试局", key)
	var picture bytes.Buffer
	must(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))))
	seal, err := eseal.NewSeal{
		Vendor: "KAPOK", ID: "44010600000001", Name: "测试局电子印章", Type: 1, Certificates: [][]byte{holder},
		Created: from, From: from, To: to, Picture: eseal.Picture{Type: "png", Data: picture.Bytes(), Width: 40, Height: 40},
	}.Make(t.Context(), makerKey, maker)
	must(err)
	return office{key, holder, seal, verify.Trust{Roots: []*pki.Certificate{root}}}
}

func (o office) on(t testing.TB, document []byte) []byte {
	t.Helper()
	sealed, err := ofd.Seal(t.Context(), document, ofd.Sealing{Seal: o.seal, Certificate: o.cert, At: may, Stamps: []ofd.Stamp{{X: 120, Y: 200, Width: 40, Height: 40}}}, o.key)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// What Kapok seals is valid and wholly covered: new, sealed twice, and as an annotated
// copy.
func TestWhatKapokSeals(t *testing.T) {
	o := newOffice(t)
	draft := ofd.Draft{Title: "测试许可证", Created: may, Custom: []ofd.Custom{{Name: "ZZMC", Value: "测试许可证"}},
		Pages:       []ofd.Page{{Width: 210, Height: 297, Content: []ofd.Object{ofd.Text{X: 20, Y: 20, Size: 8, Value: "测试许可证"}}}},
		Attachments: []ofd.Attachment{{Name: "数据", Format: "json", Data: []byte("{}")}}}
	plain, err := draft.Encode()
	if err != nil {
		t.Fatal(err)
	}
	once := o.on(t, plain)
	container, err := ofd.Open(bytes.NewReader(once), int64(len(once)), ofd.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	copied, err := ofd.Annotate(container, ofd.Change{At: may, Attachments: []ofd.Attachment{{Name: "原件", Format: "ofd", Data: once}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string][]byte{"once": once, "twice": o.on(t, once), "copy": o.on(t, copied)} {
		found := report(verifier(o.trust), document)
		if found.Verdict != verify.Valid || len(found.Coverage.Uncovered) > 0 || len(found.Oddities) > 0 {
			t.Errorf("%s: %s, uncovered %v\n%+v", name, found.Verdict, found.Coverage.Uncovered, found.Signatures)
		}
	}
	if found := report(verifier(o.trust), plain); found.Verdict != verify.NotSigned {
		t.Errorf("without a seal: %s", found.Verdict)
	}
}
