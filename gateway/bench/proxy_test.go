package bench

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

const sourceAnswer = `{"code":"0","data":{"records":[{"XM":"测试甲"}]}}`

// proxied starts a proxy in front of a source that answers the same to all, and
// returns its address and how to make a signed request.
func proxied(t *testing.T, verifying bool) (base string, signer *sm.PrivateKey, signed func() []byte) {
	t.Helper()
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != `{"q":"1"}` || r.Header.Get("gjgxjhpt_sid") != "sid" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, sourceAnswer)
	}))
	t.Cleanup(source.Close)
	systems, err := newSystems(1)
	if err != nil {
		t.Fatal(err)
	}
	keys := &proxyKeys{}
	for _, key := range []**sm.PrivateKey{&keys.issuer, &keys.signer} {
		if *key, err = sm.GenerateKey(); err != nil {
			t.Fatal(err)
		}
	}
	config := ProxyConfig{Target: source.URL}
	if verifying {
		config.Verifies = &Verifies{
			Issuer: jose.NewJWK("issuer", keys.issuer.Public()), Audience: proxyAudience, Signer: keys.signer.Bytes(),
			Systems: map[string]jose.JWK{systems[0].keyID: jose.NewJWK(systems[0].keyID, systems[0].key.Public())},
		}
	}
	handler, err := newProxy(config)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(handler)
	t.Cleanup(proxy.Close)
	return proxy.URL, keys.signer, func() []byte {
		token, err := keys.token(t.Context(), systems[0])
		if err != nil {
			t.Fatal(err)
		}
		draft := unsigned{base: proxy.URL, path: "/ask", header: http.Header{"gjgxjhpt_sid": {"sid"}}, body: []byte(`{"q":"1"}`), token: token}
		request, err := draft.sign(t.Context(), systems[0])
		if err != nil {
			t.Fatal(err)
		}
		return request
	}
}

// send puts a rendered request on a new connection.
func send(t *testing.T, base string, request []byte) (int, []byte) {
	t.Helper()
	c, err := dial(hostOf(base), time.Now().Add(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	status, answer, err := c.exchange(request)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

func TestBareProxyPassesOn(t *testing.T) {
	base, _, _ := proxied(t, false)
	request := renderPost(base, "/ask", http.Header{"gjgxjhpt_sid": {"sid"}}, []byte(`{"q":"1"}`))
	if status, answer := send(t, base, request); status != http.StatusOK || !bytes.HasSuffix(answer, []byte(sourceAnswer)) {
		t.Errorf("status %d: %s", status, answer)
	}
}

func TestVerifyingProxySignsItsAnswer(t *testing.T) {
	base, signer, signed := proxied(t, true)
	request := signed()
	status, answer := send(t, base, request)
	if status != http.StatusOK || !bytes.HasSuffix(answer, []byte(sourceAnswer)) {
		t.Fatalf("status %d: %s", status, answer)
	}
	one := kept{shot: &shot{request: request}, answer: answer}
	asked, response, body, err := reread(one)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkResponse(asked, response, body, signer.Public(), sm.NewVerifier(sm.VerifierOptions{Both: true})); err != nil {
		t.Error(err)
	}
	if err := checkResponse(asked, response, append(body, ' '), signer.Public(), sm.NewVerifier(sm.VerifierOptions{Both: true})); err == nil {
		t.Error("another body has the same signature")
	}
}

// Proxy b would measure nothing if it verified nothing: every changed byte of what is
// signed is refused.
func TestVerifyingProxyRefusesWhatWasChanged(t *testing.T) {
	base, _, signed := proxied(t, true)
	for name, change := range map[string]func(string) string{
		"body":      func(r string) string { return strings.Replace(r, `{"q":"1"}`, `{"q":"2"}`, 1) },
		"path":      func(r string) string { return strings.Replace(r, "POST /ask", "POST /aks", 1) },
		"nonce":     func(r string) string { return changedAfter(r, `;nonce="`) },
		"signature": func(r string) string { return changedAfter(r, "Signature: sig1=:") },
		"token":     func(r string) string { return changedAfter(r, "Authorization: Bearer ") },
		"no token":  func(r string) string { return strings.Replace(r, "Authorization: ", "X-Nothing: ", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			changed := change(string(signed()))
			if status, _ := send(t, base, []byte(changed)); status != http.StatusUnauthorized {
				t.Errorf("status %d", status)
			}
		})
	}
	if status, _ := send(t, base, signed()); status != http.StatusOK {
		t.Errorf("an untouched request: status %d", status)
	}
}

// changedAfter replaces the tenth byte after a text by another letter.
func changedAfter(request, text string) string {
	at := strings.Index(request, text) + len(text) + 10
	letter := "A"
	if request[at] == 'A' {
		letter = "B"
	}
	return request[:at] + letter + request[at+1:]
}

func TestSignedRequestIsOne(t *testing.T) {
	systems, err := newSystems(1)
	if err != nil {
		t.Fatal(err)
	}
	draft := unsigned{base: "http://127.0.0.1:1", path: "/v1/exchanges", body: []byte("{}"), token: rand.Text()}
	first, err := draft.sign(t.Context(), systems[0])
	if err != nil {
		t.Fatal(err)
	}
	second, err := draft.sign(t.Context(), systems[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, second) {
		t.Error("two requests are the same: the nonce is not new")
	}
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(first)))
	if err != nil {
		t.Fatal(err)
	}
	params, signature, err := httpsig.Parse(messageOf(request), "sig1")
	if err != nil {
		t.Fatal(err)
	}
	if err := httpsig.Verify(messageOf(request), params, signature, systems[0].key.Public(), sm.NewVerifier(sm.VerifierOptions{})); err != nil {
		t.Error(err)
	}
}
