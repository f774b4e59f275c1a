package ofd_test

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"testing"
	"time"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sealer is someone with a seal, and the authority that certified them and the maker.
type sealer struct {
	key        *sm.PrivateKey
	root, cert []byte
	seal       []byte
}

func newSealer(t testing.TB) sealer {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	keys := make([]*sm.PrivateKey, 3)
	for i := range keys {
		var err error
		keys[i], err = sm.GenerateKey()
		must(err)
	}
	from, to := noon.AddDate(-1, 0, 0), noon.AddDate(2, 0, 0)
	root, err := pki.NewRoot(t.Context(), keys[0], "测试根", from, to)
	must(err)
	authority, err := pki.Parse(root)
	must(err)
	issue := func(name string, key *sm.PrivateKey) []byte {
		certificate, err := pki.Issue(t.Context(), authority, keys[0], pki.Request{Name: name, Usage: pki.Seal, From: from, To: to, Public: key.Public()})
		must(err)
		return certificate
	}
	maker, holder := issue("测试制章", keys[1]), issue("测试局", keys[2])
	seal, err := eseal.NewSeal{
		Vendor: "KAPOK", ID: "44010600000001", Name: "测试局电子印章", Type: 1, Certificates: [][]byte{holder},
		Created: from, From: from, To: to, Picture: eseal.Picture{Type: "png", Data: dot(t), Width: 40, Height: 40},
	}.Make(t.Context(), keys[1], maker)
	must(err)
	return sealer{keys[2], root, holder, seal}
}

func dot(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (s sealer) on(t testing.TB, document []byte) []byte {
	t.Helper()
	sealed, err := ofd.Seal(t.Context(), document, ofd.Sealing{
		Seal: s.seal, Certificate: s.cert, At: noon, Stamps: []ofd.Stamp{{Page: 0, X: 120, Y: 200, Width: 40, Height: 40}},
	}, s.key)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func draft(t testing.TB) ofd.Draft {
	red := ofd.Color{R: 200}
	return ofd.Draft{
		Title: "测试许可证", Author: "测试局", Creator: "Kapok", Created: noon,
		Custom: []ofd.Custom{{Name: "ZZMC", Value: "测试许可证 <&>"}, {Name: "ZZBH", Value: "粤测 0001"}},
		Pages: []ofd.Page{{Width: 210, Height: 297,
			Content: []ofd.Object{
				ofd.Text{X: 60, Y: 40, Size: 10, Bold: true, Value: "测试许可证 No.1"},
				ofd.Image{X: 150, Y: 20, Width: 30, Height: 40, Format: "png", Data: dot(t)},
				ofd.Line(20, 60, 190, 60, 0.5, red), ofd.Rect(10, 10, 190, 277, 1, red),
			},
			Annotations: []ofd.Annotation{{Type: "Watermark", Creator: "Kapok", At: noon, X: 10, Y: 150, Width: 190, Height: 20,
				Content: []ofd.Object{ofd.Text{X: 0, Y: 12, Size: 8, Angle: -20, Alpha: 90, Value: "仅供测试"}}}},
		}},
		Attachments: []ofd.Attachment{{Name: "数据", Format: "json", Data: []byte(`{"ZZBH":"粤测 0001"}`)}},
	}
}

func encode(t testing.TB, d ofd.Draft) []byte {
	t.Helper()
	document, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func open(t testing.TB, document []byte) *ofd.Container {
	t.Helper()
	c, err := ofd.Open(bytes.NewReader(document), int64(len(document)), ofd.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	document := encode(t, draft(t))
	if !bytes.Equal(document, encode(t, draft(t))) {
		t.Error("the same draft gives other bytes")
	}
	documents, err := open(t, document).Documents()
	if err != nil || len(documents) != 1 {
		t.Fatal(documents, err)
	}
	read := documents[0]
	if read.Title != "测试许可证" || !slices.Equal(read.Custom, draft(t).Custom) || len(read.ID) != 32 || read.Signatures != "" {
		t.Errorf("read %+v", read)
	}
	pages, err := open(t, document).Pages(read)
	if err != nil || len(pages) != 1 || !open(t, document).Has(pages[0].File) {
		t.Errorf("pages %v, %v", pages, err)
	}
}

// Two seals on one document: the second leaves what the first covers as it was.
func TestSealsAreListed(t *testing.T) {
	s := newSealer(t)
	c := open(t, s.on(t, s.on(t, encode(t, draft(t)))))
	documents, err := c.Documents()
	if err != nil {
		t.Fatal(err)
	}
	listed, err := c.List(documents[0])
	if err != nil || len(listed) != 2 || listed[0].ID == listed[1].ID {
		t.Fatal(listed, err)
	}
	for _, entry := range listed {
		signature, err := c.Signature(entry)
		if err != nil {
			t.Fatal(err)
		}
		value, err := c.Read(signature.SignedValue)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := eseal.ParseSignature(value)
		if err != nil {
			t.Fatal(err)
		}
		hash := sm.Sum(signature.Raw)
		if !bytes.Equal(signed.DataHash, hash[:]) || signed.Property != "/"+entry.File || !signed.Time.Equal(noon) {
			t.Errorf("%s: %s at %v", entry.ID, signed.Property, signed.Time)
		}
		if _, err := signed.Signer.Verify(sm.NewVerifier(sm.VerifierOptions{Both: true}), "test", s.key.Public()); err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkIssue writes and seals a licence with a key at hand: what is left of issuing
// when signatures come in batches from elsewhere is this less "sign".
func BenchmarkIssue(b *testing.B) {
	s, d := newSealer(b), draft(b)
	b.Run("write and seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.on(b, encode(b, d))
		}
	})
	b.Run("sign", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.key.Sign(b.Context(), s.seal, sm.DER); err != nil {
				b.Fatal(err)
			}
		}
	})
}
