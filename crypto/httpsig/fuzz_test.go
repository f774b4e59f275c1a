package httpsig

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kapok/crypto/sm"
)

// The canonical form is read as itself.
func FuzzDictionary(f *testing.F) {
	f.Add(`a=1,    b=2;x=1;y=2,   c=(a   b   c), d`)
	f.Add(`sig1=("@method" "content-digest";req;key="a");created=1;nonce="x\"y", b=:AAE=:, c=-0.5;d=?0`)
	f.Fuzz(func(t *testing.T, field string) {
		once, ok := canonical(field)
		if !ok {
			return
		}
		if again, ok := canonical(once); !ok || again != once {
			t.Fatalf("%q became %q became %q", field, once, again)
		}
	})
}

// Whatever the fields hold, Parse and Base end; a base ends with the parameters
// as they were parsed, and has one line for each component and no more.
func FuzzParse(f *testing.F) {
	f.Add(`sig1=("@method" "@target-uri" "@query-param";name="a" "date";bs "signature";key="x");created=1;keyid="k";alg="sm2-sm3"`, `sig1=:AAE=:, x=1`, "https://a.example/b?a=c", "d")
	f.Fuzz(func(t *testing.T, input, signature, uri, date string) {
		m := Message{Method: "POST", TargetURI: uri, Header: http.Header{"Signature-Input": {input}, "Signature": {signature}, "Date": {date}}}
		p, _, err := Parse(m, "sig1")
		if err != nil {
			return
		}
		base, err := Base(m, p)
		if err != nil {
			return
		}
		lines := strings.Split(base, "\n")
		if len(lines) != len(p.Covered)+1 || lines[len(p.Covered)] != `"@signature-params": `+p.text {
			t.Fatalf("base %q", base)
		}
		if again, _, ok := read(p.text); !ok || again.text != p.text {
			t.Fatalf("%q is not canonical", p.text)
		}
	})
}

// No changed byte of what is covered, or of the signature itself, verifies; only
// in Signature-Input a byte may become a space that its canonical form has not.
func FuzzMalleability(f *testing.F) {
	key, err := sm.ParsePrivateKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		f.Fatal(err)
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{Burst: 1e6, TotalBurst: 1e6})
	parts := []string{inputField, signatureField, digestField, "Authorization", "@method", "@target-uri"}
	for part := range parts {
		f.Add(byte(part), uint16(9), byte(1))
	}
	f.Fuzz(func(t *testing.T, part byte, at uint16, change byte) {
		m := Message{Method: "POST", TargetURI: "https://kapok.example/v1/exchanges?a=b", Header: http.Header{digestField: {ContentDigest(nil)}, "Authorization": {"Bearer abc"}}}
		p := Params{Label: "sig1", KeyID: "k", Nonce: "n", Tag: "kapok", Created: time.Unix(1, 0),
			Covered: []Component{{Name: "@method"}, {Name: "@target-uri"}, {Name: "content-digest"}, {Name: "authorization"}}}
		if err := Sign(t.Context(), m, p, key); err != nil {
			t.Fatal(err)
		}
		signed, _, err := Parse(m, "sig1")
		if err != nil || change == 0 {
			return
		}
		name := parts[int(part)%len(parts)]
		changePart(&m, name, int(at), change)
		parsed, sig, err := Parse(m, "sig1")
		if err != nil || Verify(m, parsed, sig, key.Public(), verifier) != nil {
			return
		}
		if name != inputField || parsed.text != signed.text {
			t.Fatalf("%s with byte %d changed by %#x verifies", name, at, change)
		}
	})
}

func changePart(m *Message, name string, at int, change byte) {
	flip := func(s string) string {
		b := []byte(s)
		b[at%len(b)] ^= change
		return string(b)
	}
	switch name {
	case "@method":
		m.Method = flip(m.Method)
	case "@target-uri":
		m.TargetURI = flip(m.TargetURI)
	default:
		m.Header.Set(name, flip(m.Header.Get(name)))
	}
}
