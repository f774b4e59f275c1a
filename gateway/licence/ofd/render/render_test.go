package render_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/ofd/render"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func dot(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func encode(t testing.TB, d ofd.Draft) []byte {
	t.Helper()
	document, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func licence(t testing.TB) ofd.Draft {
	red := ofd.Color{R: 200}
	return ofd.Draft{Title: "测试许可证", Created: noon, Pages: []ofd.Page{{Width: 210, Height: 297,
		Content: []ofd.Object{
			ofd.Text{X: 60, Y: 40, Size: 10, Bold: true, Font: "黑体", Value: "测试许可证 <No.1>"},
			ofd.Image{X: 150, Y: 20, Width: 30, Height: 40, Format: "png", Data: dot(t)},
			ofd.Line(20, 70, 190, 70, 0.5, red), ofd.Rect(10, 10, 190, 277, 1, red),
		},
		Annotations: []ofd.Annotation{{Type: "Watermark", Creator: "Kapok", At: noon, X: 10, Y: 150, Width: 190, Height: 20,
			Content: []ofd.Object{ofd.Text{X: 0, Y: 12, Size: 8, Angle: -20, Alpha: 90, Value: "仅供测试"}}}},
	}}}
}

// sealed puts a seal with that picture on a document.
func sealed(t testing.TB, document []byte, picture eseal.Picture) []byte {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := sm.GenerateKey()
	must(err)
	from, to := noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0)
	certificate, err := pki.NewRoot(t.Context(), key, "测试局", from, to)
	must(err)
	seal, err := eseal.NewSeal{Vendor: "KAPOK", ID: "1", Name: "测试局电子印章", Type: 1, Certificates: [][]byte{certificate}, Created: from, From: from, To: to, Picture: picture}.Make(t.Context(), key, certificate)
	must(err)
	out, err := ofd.Seal(t.Context(), document, ofd.Sealing{Seal: seal, Certificate: certificate, At: noon, Stamps: []ofd.Stamp{{X: 120, Y: 200, Width: 40, Height: 40}}}, key)
	must(err)
	return out
}

func draw(t testing.TB, document []byte) render.Picture {
	t.Helper()
	c, err := ofd.Open(bytes.NewReader(document), int64(len(document)), ofd.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	picture, err := render.SVG(c, 0)
	if err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(bytes.NewReader(picture.SVG))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return picture
		} else if err != nil {
			t.Fatalf("the SVG is not well-formed: %v", err)
		}
	}
}

func TestLicenceIsDrawn(t *testing.T) {
	picture := draw(t, sealed(t, encode(t, licence(t)), eseal.Picture{Type: "png", Data: dot(t), Width: 40, Height: 40}))
	svg := string(picture.SVG)
	for _, wanted := range []string{
		"测试许可证 &lt;No.1&gt;", "SimHei", "仅供测试", `font-weight="bold"`, `opacity="0.3529"`, "rgb(200,0,0)",
		`<svg x="120" y="200" width="40" height="40"`, `width="210mm" height="297mm"`,
	} {
		if !strings.Contains(svg, wanted) {
			t.Errorf("%q is not drawn", wanted)
		}
	}
	if strings.Count(svg, "data:image/png;base64,") != 2 || len(picture.Missing) > 0 {
		t.Errorf("%d pictures, missing %v", strings.Count(svg, "data:image/png;base64,"), picture.Missing)
	}
}

// Real seals carry their drawing as an OFD of its own.
func TestSealDrawnAsOFD(t *testing.T) {
	inner := encode(t, ofd.Draft{Created: noon, Pages: []ofd.Page{{Width: 40, Height: 40, Content: []ofd.Object{ofd.Text{X: 2, Y: 20, Size: 6, Value: "印章中的字"}}}}})
	picture := draw(t, sealed(t, encode(t, licence(t)), eseal.Picture{Type: "ofd", Data: inner, Width: 40, Height: 40}))
	if !strings.Contains(string(picture.SVG), "印章中的字") || len(picture.Missing) > 0 {
		t.Errorf("missing %v", picture.Missing)
	}
	picture = draw(t, sealed(t, encode(t, licence(t)), eseal.Picture{Type: "ofd", Data: []byte("no OFD"), Width: 40, Height: 40}))
	if !slices.Contains(picture.Missing, "a seal's picture that is an OFD and cannot be read") {
		t.Errorf("missing %v", picture.Missing)
	}
}

// What a document says cannot become markup, and what cannot be drawn is told.
func TestHostilePage(t *testing.T) {
	d := licence(t)
	d.Pages[0].Content = []ofd.Object{
		ofd.Path{X: 1, Y: 1, Width: 10, Height: 10, Data: `M 0 0 L 1 1"/><script>`, Stroke: &ofd.Color{}},
		ofd.Text{X: 1, Y: 1, Size: 4, Font: `x"};</style><script>`, Value: `</text><script>alert(1)</script>`},
		ofd.Image{X: 1, Y: 1, Width: 1, Height: 1, Format: "png", Data: []byte("<svg onload='alert(1)'/>")},
	}
	picture := draw(t, encode(t, d))
	if strings.Contains(string(picture.SVG), "<script") || strings.Contains(string(picture.SVG), "onload") {
		t.Error("markup of the document is in the drawing")
	}
	for _, wanted := range []string{"a part of a path", "a picture of a kind that browsers do not draw"} {
		if !slices.Contains(picture.Missing, wanted) {
			t.Errorf("%q is not told: %v", wanted, picture.Missing)
		}
	}
}

func TestPagesOfOthers(t *testing.T) {
	for name, wanted := range map[string]struct{ drawn, missing string }{
		"SESV4SignDoc.ofd": {"你好呀，OFD Reader&amp;Writer！", ""},
		"V4RideRight.ofd":  {"rgb(255,0,0)", "a file that is not there"}, // it names a PublicRes.xml and has none
		"h.ofd":            {"data:image/png", "a file that is not there"},
	} {
		contents, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "..", "shared", "testdata", "ofd", name))
		if err != nil {
			t.Skip("../shared/testdata is not there: pages that others made are not drawn")
		}
		picture := draw(t, contents)
		if !strings.Contains(string(picture.SVG), wanted.drawn) || strings.Join(picture.Missing, "; ") != wanted.missing {
			t.Errorf("%s: missing %v", name, picture.Missing)
		}
	}
}

func FuzzPage(f *testing.F) {
	c, err := ofd.Open(bytes.NewReader(encode(f, licence(f))), int64(len(encode(f, licence(f)))), ofd.Limits{})
	if err != nil {
		f.Fatal(err)
	}
	page, err := c.Read("Doc_0/Pages/Page_0/Content.xml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(page))
	f.Fuzz(func(t *testing.T, content string) {
		d := licence(t)
		d.Pages[0].Content = []ofd.Object{ofd.Path{Data: content, Stroke: &ofd.Color{}}, ofd.Text{Size: 1, Value: content}}
		draw(t, encode(t, d))
	})
}
