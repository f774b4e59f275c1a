package department_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/cmd/kapok-sandbox/department"
	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

const system = "tianhe-minzheng-dibao"

// gateway answers a department's calls as Kapok does, after checking them with
// Kapok's own crypto packages; change spoils its answers.
type gateway struct {
	t        *testing.T
	url      string
	public   *sm.PublicKey
	verifier *sm.Verifier
	signer   *sm.PrivateKey
	leaf     []byte
	root     []byte
	change   change
}

// change is how an answer differs from a right one; zero values change nothing.
type change struct {
	body    func([]byte) []byte         // after signing
	covered []httpsig.Component         // instead of what has to be covered
	tag     string                      // instead of kapok-response
	signer  *sm.PrivateKey              // instead of the certified key
	asked   func(*httpsig.Message)      // the request that is answered
	refuse  func(w http.ResponseWriter) // a refusal instead
	header  func(w http.ResponseWriter) // after signing
	token   func(w http.ResponseWriter) // instead of a token
}

func start(t *testing.T, key department.Key) *gateway {
	t.Helper()
	g := &gateway{t: t, public: key.Public(), verifier: sm.NewVerifier(sm.VerifierOptions{Both: true})}
	g.signer, g.leaf, g.root = certified(t)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/token", g.token)
	mux.HandleFunc("POST /v1/exchanges", g.exchange)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// certified makes a root, and an operational key with its certificate.
func certified(t *testing.T) (signer *sm.PrivateKey, leaf, root []byte) {
	t.Helper()
	ca, signer := newKey(t), newKey(t)
	now := time.Now()
	root, err := pki.NewRoot(t.Context(), ca, "Kapok test root", now.Add(-time.Hour), now.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := pki.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err = pki.Issue(t.Context(), parsed, ca, pki.Request{
		Name: "node-1", Usage: pki.Operational, From: now.Add(-time.Minute), To: now.Add(time.Hour), Public: signer.Public(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return signer, leaf, root
}

func newKey(t *testing.T) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (g *gateway) token(w http.ResponseWriter, r *http.Request) {
	if g.change.token != nil {
		g.change.token(w)
		return
	}
	var claims jwt.RegisteredClaims
	_, err := jose.Parse(r.PostFormValue("client_assertion"), &claims, g.verifier, "test",
		func(string) (*sm.PublicKey, error) { return g.public, nil },
		jwt.WithAudience(g.url+"/oauth2/token"), jwt.WithIssuer(system), jwt.WithSubject(system), jwt.WithExpirationRequired())
	if err != nil {
		g.t.Errorf("the assertion: %v", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"access_token":"the.token","token_type":"Bearer","expires_in":60}`)
}

func (g *gateway) exchange(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		g.t.Error(err)
	}
	asked := httpsig.Message{Method: r.Method, TargetURI: g.url + r.URL.RequestURI(), Header: r.Header}
	params, signature, err := httpsig.Parse(asked, "sig1")
	if err != nil {
		g.t.Fatalf("the signature: %v", err)
	}
	if err := httpsig.Verify(asked, params, signature, g.public, g.verifier); err != nil {
		g.t.Errorf("the signature: %v", err)
	}
	if err := httpsig.CheckContentDigest(r.Header, body); err != nil {
		g.t.Errorf("the digest: %v", err)
	}
	if g.change.refuse != nil {
		g.change.refuse(w)
		return
	}
	g.answer(w, asked)
}

func (g *gateway) answer(w http.ResponseWriter, asked httpsig.Message) {
	body, err := json.Marshal(map[string]any{"data": map[string]string{"name": "测试甲"}, "receipt": map[string]any{"chain": [][]byte{g.leaf}}})
	if err != nil {
		g.t.Error(err)
	}
	if g.change.asked != nil {
		g.change.asked(&asked)
	}
	w.Header().Set("Content-Digest", httpsig.ContentDigest(body))
	params := httpsig.Params{
		Label: "kapok", Tag: "kapok-response", KeyID: jose.NewJWK("", g.signer.Public()).Thumbprint(), Created: time.Now(),
		Covered: []httpsig.Component{{Name: "@status"}, {Name: "content-digest"}, {Name: "signature", Req: true, Key: "sig1"}},
	}
	signer := g.signer
	if g.change.signer != nil {
		signer = g.change.signer
	}
	if g.change.covered != nil {
		params.Covered = g.change.covered
	}
	if g.change.tag != "" {
		params.Tag = g.change.tag
	}
	message := httpsig.Message{Status: http.StatusOK, Header: w.Header(), Request: &asked}
	if err := httpsig.Sign(context.Background(), message, params, signer); err != nil {
		g.t.Error(err)
	}
	if g.change.header != nil {
		g.change.header(w)
	}
	if g.change.body != nil {
		body = g.change.body(body)
	}
	_, _ = w.Write(body)
}

// open makes a key, a gateway, and the system that trusts it.
func open(t *testing.T) (*department.System, *gateway) {
	t.Helper()
	key, err := department.OpenKey(t.TempDir(), system)
	if err != nil {
		t.Fatal(err)
	}
	g := start(t, key)
	return department.New(g.url, key, trusting(t, g.root)), g
}

func trusting(t *testing.T, root []byte) department.Trust {
	t.Helper()
	bundle, err := json.Marshal(map[string]any{"kind": "kapok-bundle", "name": "test", "roots": [][]byte{root}, "v": 1})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "bundle.json")
	if err := os.WriteFile(file, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	trust, err := department.ReadTrust(file)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func TestSignedCall(t *testing.T) {
	s, _ := open(t)
	answer, err := s.Post(t.Context(), "/v1/exchanges", map[string]string{"item": "1010010001/000001"})
	if err != nil || !answer.OK() || !strings.Contains(string(answer.Body), "测试甲") {
		t.Fatalf("%+v, %v", answer, err)
	}
}

func TestAnswersNotBelieved(t *testing.T) {
	cases := map[string]change{
		"a changed body":            {body: func(b []byte) []byte { return bytes.Replace(b, []byte("甲"), []byte("乙"), 1) }},
		"no receipt":                {body: func([]byte) []byte { return []byte(`{}`) }},
		"another's signature":       {signer: newKey(t)},
		"the status is not covered": {covered: []httpsig.Component{{Name: "content-digest"}, {Name: "signature", Req: true, Key: "sig1"}}},
		"the body is not covered":   {covered: []httpsig.Component{{Name: "@status"}, {Name: "signature", Req: true, Key: "sig1"}}},
		"the request is not bound":  {covered: []httpsig.Component{{Name: "@status"}, {Name: "content-digest"}}},
		"the tag of a request":      {tag: "kapok"},
		"no signature":              {header: func(w http.ResponseWriter) { w.Header().Del("Signature") }},
		"the answer to another call": {asked: func(m *httpsig.Message) {
			m.Header = m.Header.Clone()
			other := strings.Repeat("A", 86) + "=="
			m.Header.Set("Signature", "sig1=:"+other+":")
		}},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s, g := open(t)
			g.change = change
			if _, err := s.Post(t.Context(), "/v1/exchanges", map[string]string{}); err == nil {
				t.Error("the answer was believed")
			}
		})
	}
}

func TestAnotherRootIsNotBelieved(t *testing.T) {
	key, err := department.OpenKey(t.TempDir(), system)
	if err != nil {
		t.Fatal(err)
	}
	g := start(t, key)
	_, _, other := certified(t)
	if _, err := department.New(g.url, key, trusting(t, other)).Post(t.Context(), "/v1/exchanges", map[string]string{}); err == nil {
		t.Error("a Kapok of another district was believed")
	}
}

func TestRefusalsAreTold(t *testing.T) {
	s, g := open(t)
	g.change.refuse = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"code":"basis-ended","detail":"The basis has ended.","trace_id":"t"}`)
	}
	answer, err := s.Post(t.Context(), "/v1/exchanges", map[string]string{})
	if err != nil || answer.OK() {
		t.Fatalf("%+v, %v", answer, err)
	}
	if p := answer.Problem(); p.Status != http.StatusForbidden || p.Code != "basis-ended" || p.Detail != "The basis has ended." {
		t.Errorf("%+v", p)
	}
	g.change = change{token: func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"invalid_client","error_description":"The key is not enrolled.","code":"key-unknown"}`)
	}}
	if _, err := s.Post(t.Context(), "/v1/exchanges", map[string]string{}); err == nil || !strings.Contains(err.Error(), "key-unknown") {
		t.Errorf("no token: %v", err)
	}
}

func TestKeyIsKeptForTheOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := department.OpenKey(dir, system)
	if err != nil {
		t.Fatal(err)
	}
	again, err := department.OpenKey(dir, system)
	if err != nil || !again.Public().Equal(first.Public()) || again.ID != first.ID {
		t.Errorf("the second start has another key: %v", err)
	}
	private := filepath.Join(dir, system+".pem")
	for file, mode := range map[string]os.FileMode{dir: 0o700, private: 0o600} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", filepath.Base(file), info.Mode(), err)
		}
	}
	if out, err := exec.Command("openssl", "pkey", "-in", private, "-noout", "-text").CombinedOutput(); err != nil || !strings.Contains(string(out), "SM2") {
		t.Errorf("OpenSSL reads the key as %s, %v", out, err)
	}
	var jwk jose.JWK
	content, err := os.ReadFile(department.PublicFile(dir, system))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &jwk); err != nil {
		t.Fatal(err)
	}
	if public, err := jwk.PublicKey(); err != nil || !public.Equal(first.Public()) || jwk.KeyID != jwk.Thumbprint() {
		t.Errorf("the public file is not the key's: %v", err)
	}
}

func TestBrokenFilesAreRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty":         "",
		"not PEM":       "secret",
		"another type":  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"not SEC 1":     "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
		"another curve": p256(t),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, system+".pem"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := department.OpenKey(dir, system); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	for name, content := range map[string]string{
		"no bundle": "{}", "no roots": `{"kind":"kapok-bundle","v":1,"roots":[]}`, "not a certificate": `{"kind":"kapok-bundle","v":1,"roots":["AAAA"]}`,
	} {
		file := filepath.Join(t.TempDir(), "bundle.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := department.ReadTrust(file); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func p256(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
