package httpsig_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"kapok/crypto/httpsig"
	"kapok/crypto/sm"
	"kapok/gateway"
)

func newKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return gateway.AsError(err).Code
}

var body = []byte(`{"item":"x"}`)

// request is a call as departments make it.
func request() httpsig.Message {
	return httpsig.Message{
		Method: "POST", TargetURI: "https://kapok.example/v1/exchanges",
		Header: http.Header{
			"Content-Digest":  {httpsig.ContentDigest(body)},
			"Authorization":   {"Bearer " + strings.Repeat("a", 400)},
			"Idempotency-Key": {"0123456789abcdef"},
		},
	}
}

func requestParams() httpsig.Params {
	return httpsig.Params{
		Label: "sig1", KeyID: "sys-1/k1", Nonce: "4a6e1b2c3d4e5f60", Tag: "kapok", Created: time.Unix(1764547200, 0),
		Covered: []httpsig.Component{{Name: "@method"}, {Name: "@target-uri"}, {Name: "content-digest"}, {Name: "authorization"}, {Name: "idempotency-key"}},
	}
}

func signed(t testing.TB, m httpsig.Message, p httpsig.Params, key sm.Signer) httpsig.Message {
	t.Helper()
	if err := httpsig.Sign(t.Context(), m, p, key); err != nil {
		t.Fatal(err)
	}
	return m
}

// check parses and verifies in one step, as a reader does.
func check(m httpsig.Message, label string, key *sm.PrivateKey, v *sm.Verifier) error {
	p, sig, err := httpsig.Parse(m, label)
	if err != nil {
		return err
	}
	return httpsig.Verify(m, p, sig, key.Public(), v)
}

func TestRequestAndBoundResponse(t *testing.T) {
	client, kapok := newKey(t), newKey(t)
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	asked := signed(t, request(), requestParams(), client)
	p, sig, err := httpsig.Parse(asked, "sig1")
	if err != nil {
		t.Fatal(err)
	}
	want := requestParams()
	if p.KeyID != want.KeyID || p.Nonce != want.Nonce || p.Tag != want.Tag || !p.Created.Equal(want.Created) || !p.Expires.IsZero() || !p.Covers(want.Covered...) {
		t.Fatalf("got %+v", p)
	}
	if p.Covers(httpsig.Component{Name: "date"}) {
		t.Fatal("covers what it does not")
	}
	if err := httpsig.Verify(asked, p, sig, client.Public(), verifier); err != nil {
		t.Fatal(err)
	}
	answer := httpsig.Message{Status: 200, Request: &asked, Header: http.Header{"Content-Digest": {httpsig.ContentDigest(body)}}}
	signed(t, answer, httpsig.Params{
		Label: "kapok", KeyID: "op", Tag: "kapok-response", Created: time.Unix(1764547201, 0),
		Covered: []httpsig.Component{{Name: "@status"}, {Name: "content-digest"}, {Name: "signature", Req: true, Key: "sig1"}},
	}, kapok)
	if err := check(answer, "kapok", kapok, verifier); err != nil {
		t.Fatal(err)
	}
	other := signed(t, request(), requestParams(), client) // another signature: nonces of SM2 differ
	answer.Request = &other
	if err := check(answer, "kapok", kapok, verifier); code(err) != "signature-invalid" || !errors.Is(err, sm.ErrInvalid) {
		t.Fatalf("the response answers another request: %v", err)
	}
}

func TestEachCoveredPartCounts(t *testing.T) {
	key := newKey(t)
	verifier := sm.NewVerifier(sm.VerifierOptions{Burst: 100})
	tests := []struct {
		name   string
		change func(m *httpsig.Message)
		code   string
	}{
		{"nothing", func(*httpsig.Message) {}, ""},
		{"uncovered header", func(m *httpsig.Message) { m.Header.Set("Via", "1.1 proxy") }, ""},
		{"method", func(m *httpsig.Message) { m.Method = "PUT" }, "signature-invalid"},
		{"target", func(m *httpsig.Message) { m.TargetURI += "?x=1" }, "signature-invalid"},
		{"digest", func(m *httpsig.Message) { m.Header.Set("Content-Digest", httpsig.ContentDigest([]byte("y"))) }, "signature-invalid"},
		{"authorization", func(m *httpsig.Message) { m.Header.Set("Authorization", "Bearer b") }, "signature-invalid"},
		{"second authorization", func(m *httpsig.Message) { m.Header.Add("Authorization", "Bearer b") }, "signature-invalid"},
		{"idempotency key gone", func(m *httpsig.Message) { m.Header.Del("Idempotency-Key") }, "signature-component"},
		{"target not absolute", func(m *httpsig.Message) { m.TargetURI = "/v1/exchanges" }, "signature-component"},
		{"line end in a field", func(m *httpsig.Message) { m.Header["Authorization"] = []string{"a\n\"@method\": GET"} }, "signature-component"},
		{"a response", func(m *httpsig.Message) { m.Status = 200 }, "signature-component"},
		{"created", replace("Signature-Input", "created=1764547200", "created=1764547201"), "signature-invalid"},
		{"nonce", replace("Signature-Input", `nonce="4`, `nonce="5`), "signature-invalid"},
		{"keyid", replace("Signature-Input", "sys-1", "sys-2"), "signature-invalid"},
		{"tag", replace("Signature-Input", `;tag="kapok"`, ""), "signature-invalid"},
		{"alg gone", replace("Signature-Input", `;alg="sm2-sm3"`, ""), "signature-invalid"},
		{"alg another", replace("Signature-Input", "sm2-sm3", "hmac-sha256"), "signature-algorithm"},
		{"component dropped", replace("Signature-Input", ` "authorization"`, ""), "signature-invalid"},
		{"components swapped", replace("Signature-Input", `"@method" "@target-uri"`, `"@target-uri" "@method"`), "signature-invalid"},
		{"component doubled", replace("Signature-Input", `"@method"`, `"@method" "@method"`), "signature-malformed"},
		{"parameter unknown", replace("Signature-Input", `;tag=`, `;foo=1;tag=`), "signature-malformed"},
		{"parameter doubled", replace("Signature-Input", `;tag=`, `;nonce="x";tag=`), "signature-malformed"},
		{"component parameter sf", replace("Signature-Input", `"content-digest"`, `"content-digest";sf`), "signature-malformed"},
		{"component parameter tr", replace("Signature-Input", `"content-digest"`, `"content-digest";tr`), "signature-malformed"},
		{"req in a request", replace("Signature-Input", `"@method"`, `"@method";req`), "signature-component"},
		{"unknown derived", replace("Signature-Input", `"@method"`, `"@methods"`), "signature-component"},
		{"its own parameters", replace("Signature-Input", `"@method"`, `"@signature-params"`), "signature-component"},
		{"upper case", replace("Signature-Input", `"authorization"`, `"Authorization"`), "signature-malformed"},
		{"label doubled", func(m *httpsig.Message) {
			m.Header["Signature-Input"] = append(m.Header["Signature-Input"], m.Header["Signature-Input"]...)
		}, "signature-malformed"},
		{"label unknown", replace("Signature", "sig1", "sig2"), "signature-missing"},
		{"no input", func(m *httpsig.Message) { m.Header.Del("Signature-Input") }, "signature-missing"},
		{"signature empty", func(m *httpsig.Message) { m.Header.Set("Signature", "sig1=::") }, "signature-invalid"},
		{"signature a string", func(m *httpsig.Message) { m.Header.Set("Signature", `sig1="x"`) }, "signature-malformed"},
		{"signature with parameter", func(m *httpsig.Message) { m.Header.Set("Signature", m.Header.Get("Signature")+";a") }, "signature-malformed"},
		{"signature in base64url", func(m *httpsig.Message) { m.Header.Set("Signature", "sig1=:"+strings.Repeat("_", 88)+":") }, "signature-malformed"},
		{"signature without padding", replace("Signature", "==:", ":"), "signature-malformed"},
		{"signature of another length", replace("Signature", "sig1=:", "sig1=:AAAA"), "signature-invalid"},
		{"input a string", func(m *httpsig.Message) { m.Header.Set("Signature-Input", `sig1="x"`) }, "signature-malformed"},
		{"input too long", func(m *httpsig.Message) {
			m.Header.Set("Signature-Input", m.Header.Get("Signature-Input")+`, x="`+strings.Repeat("a", 8<<10)+`"`)
		}, "signature-malformed"},
		{"too many labels", func(m *httpsig.Message) {
			m.Header.Set("Signature-Input", m.Header.Get("Signature-Input")+manyLabels())
		}, "signature-malformed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := signed(t, request(), requestParams(), key)
			test.change(&m)
			if err := check(m, "sig1", key, verifier); code(err) != test.code {
				t.Fatalf("got %v, want %q", err, test.code)
			}
		})
	}
}

func replace(field, old, with string) func(m *httpsig.Message) {
	return func(m *httpsig.Message) {
		m.Header.Set(field, strings.Replace(m.Header.Get(field), old, with, 1))
	}
}

func manyLabels() string {
	var b strings.Builder
	for c := 'a'; c <= 'p'; c++ {
		b.WriteString(", x" + string(c))
	}
	return b.String()
}

func TestSignRefuses(t *testing.T) {
	key := newKey(t)
	tests := []struct {
		name   string
		change func(m *httpsig.Message, p *httpsig.Params)
		code   string
	}{
		{"label taken", func(m *httpsig.Message, _ *httpsig.Params) { m.Header.Set("Signature", "sig1=:AA==:") }, "signature-malformed"},
		{"label no key", func(_ *httpsig.Message, p *httpsig.Params) { p.Label = "Sig 1" }, "signature-malformed"},
		{"label absent", func(_ *httpsig.Message, p *httpsig.Params) { p.Label = "" }, "signature-malformed"},
		{"nonce not ASCII", func(_ *httpsig.Message, p *httpsig.Params) { p.Nonce = "红棉" }, "signature-malformed"},
		{"keyid with line end", func(_ *httpsig.Message, p *httpsig.Params) { p.KeyID = "a\nb" }, "signature-malformed"},
		{"component absent", func(m *httpsig.Message, _ *httpsig.Params) { m.Header.Del("Authorization") }, "signature-component"},
		{"component doubled", func(_ *httpsig.Message, p *httpsig.Params) { p.Covered = append(p.Covered, p.Covered[0]) }, "signature-component"},
		{"name with quote", func(_ *httpsig.Message, p *httpsig.Params) { p.Covered[0].Name = `a"b` }, "signature-component"},
		{"too many", func(m *httpsig.Message, p *httpsig.Params) {
			for _, c := range "abcdefghijkl" {
				m.Header.Set("X-"+string(c), "")
				p.Covered = append(p.Covered, httpsig.Component{Name: "x-" + string(c)})
			}
		}, "signature-malformed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, p := request(), requestParams()
			test.change(&m, &p)
			before := m.Header.Clone()
			if err := httpsig.Sign(t.Context(), m, p, key); code(err) != test.code {
				t.Fatalf("got %v, want %q", err, test.code)
			}
			if len(m.Header) != len(before) {
				t.Fatal("the message was changed all the same")
			}
		})
	}
}

// A second signature, as a proxy would add it, leaves the first in place.
func TestSignaturesStandBesideEachOther(t *testing.T) {
	client, proxy := newKey(t), newKey(t)
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	m := signed(t, request(), requestParams(), client)
	second := requestParams()
	second.Label, second.KeyID = "proxy", `quo"te\`
	second.Covered = append(second.Covered, httpsig.Component{Name: "signature", Key: "sig1"})
	signed(t, m, second, proxy)
	if err := errors.Join(check(m, "sig1", client, verifier), check(m, "proxy", proxy, verifier)); err != nil {
		t.Fatal(err)
	}
	if p, _, _ := httpsig.Parse(m, "proxy"); p.KeyID != second.KeyID {
		t.Fatalf("keyid is %q", p.KeyID)
	}
}

// Params that were parsed are signed anew under their own fields.
func TestParsedParamsAreNotSignedAsTheyStood(t *testing.T) {
	key := newKey(t)
	p, _, err := httpsig.Parse(signed(t, request(), requestParams(), key), "sig1")
	if err != nil {
		t.Fatal(err)
	}
	p.Nonce = "another"
	again := signed(t, request(), p, key)
	if read, _, err := httpsig.Parse(again, "sig1"); err != nil || read.Nonce != "another" {
		t.Fatalf("nonce %q, error %v", read.Nonce, err)
	}
}

// Whoever changes what was parsed changes nothing that was signed.
func TestChangedParamsDoNotVerify(t *testing.T) {
	key := newKey(t)
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	m := signed(t, request(), requestParams(), key)
	p, sig, err := httpsig.Parse(m, "sig1")
	if err != nil {
		t.Fatal(err)
	}
	p.Covered = p.Covered[:2]
	if err := httpsig.Verify(m, p, sig, key.Public(), verifier); code(err) != "signature-malformed" {
		t.Fatalf("got %v", err)
	}
}

func TestUndecidedIsNotInvalid(t *testing.T) {
	key, other := newKey(t), newKey(t)
	verifier := sm.NewVerifier(sm.VerifierOptions{Burst: 1, SecondOpinionsPerSecond: 0.001})
	m := signed(t, request(), requestParams(), other)
	for _, want := range []string{"signature-invalid", "signature-undecided"} {
		if err := check(m, "sig1", key, verifier); code(err) != want {
			t.Fatalf("got %v, want %s", err, want)
		}
	}
}
