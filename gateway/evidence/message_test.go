package evidence

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gowebpki/jcs"
)

func request() Request {
	return Request{
		Base: "\"@method\": POST\n\"@target-uri\": http://kapok.test/v1/exchanges\n\"@signature-params\": ();nonce=\"\\\"\"",
		Body: []byte(`{"item":"甲"}`), Decision: []byte(`{"allowed":true,"input":{"Now":"2026-01-02T03:04:05Z"}}`), Signature: bytes.Repeat([]byte{7}, 64),
	}
}

func TestMessagesAreCanonical(t *testing.T) {
	o := NewObject(0)
	o.Bool("a", true)
	o.Bytes("b", []byte{0, 255})
	o.Number("c", 1<<53-1)
	o.Raw("d", nil)
	o.Text("e", "引号\"\\\b\f\n\r\t\x01\u2028é𝄞")
	o.Texts("f", []string{"x", "", "</script>"})
	o.Texts("g", nil)
	o.Time("h", time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 8*3600)))
	for name, raw := range map[string][]byte{
		"object": o.End(), "empty": (&Object{}).End(), "request": request().Encode(),
		"answer":  Answer{Digest: make([]byte, 32), Provider: "省", Records: 1}.Encode(),
		"release": Release{Base: "x", Signature: make([]byte, 64)}.Encode(),
	} {
		want, err := jcs.Transform(raw)
		if err != nil || !bytes.Equal(want, raw) {
			t.Errorf("%s: %v\n%s\n%s", name, err, raw, want)
		}
	}
}

func TestMessagesComeBack(t *testing.T) {
	raw := request().Encode()
	back, err := ParseRequest(raw)
	if err != nil || back.Base != request().Base || !bytes.Equal(back.Body, request().Body) {
		t.Fatalf("%v %+v", err, back)
	}
	if Digest(raw) == Digest(request().Encode()) {
		t.Error("two messages of the same content have one digest: the salt is missing")
	}
	for name, changed := range map[string]string{
		"a space":        strings.Replace(string(raw), `{"base`, `{ "base`, 1),
		"a member more":  strings.Replace(string(raw), `{"base`, `{"aaa":1,"base`, 1),
		"another kind":   strings.Replace(string(raw), requestKind, answerKind, 1),
		"something more": string(raw) + "{}",
		"order":          strings.Replace(string(raw), `{"allowed":true,"input":{"Now":"2026-01-02T03:04:05Z"}}`, `{"input":{"Now":"2026-01-02T03:04:05Z"},"allowed":true}`, 1),
	} {
		if changed == string(raw) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := ParseRequest([]byte(changed)); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
	if _, err := ParseAnswer(raw); err == nil {
		t.Error("a request was read as an answer")
	}
}

func FuzzMessages(f *testing.F) {
	f.Add(request().Encode())
	f.Add(Answer{Digest: make([]byte, 32)}.Encode())
	f.Add(Release{Base: "x"}.Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := ParseRequest(raw); err == nil && !bytes.Equal(r.Encode(), raw) {
			t.Error("another encoding of a request was read")
		}
		if a, err := ParseAnswer(raw); err == nil && !bytes.Equal(a.Encode(), raw) {
			t.Error("another encoding of an answer was read")
		}
		if r, err := ParseRelease(raw); err == nil && !bytes.Equal(r.Encode(), raw) {
			t.Error("another encoding of a release was read")
		}
	})
}
