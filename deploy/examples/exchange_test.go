package examples_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
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

	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

const system = "tianhe-minzheng-dibao"

// kapok stands at Kapok's door: it checks what the script sends with Kapok's own
// crypto packages and answers signed, as Kapok does.
type kapok struct {
	t        *testing.T
	url      string
	client   *sm.PublicKey
	verifier *sm.Verifier
	signer   *sm.PrivateKey
	leaf     []byte // certificate of signer
	root     []byte
	garble   func(body []byte) []byte // what becomes of an answer on its way
	asked    map[string]any
}

func start(t *testing.T) *kapok {
	t.Helper()
	k := &kapok{t: t, verifier: sm.NewVerifier(sm.VerifierOptions{Both: true}), garble: func(body []byte) []byte { return body }}
	k.certify()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/token", k.token)
	mux.HandleFunc("POST /v1/exchanges", k.exchange)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	k.url = server.URL
	return k
}

func (k *kapok) certify() {
	k.t.Helper()
	ca, err := sm.GenerateKey()
	if err != nil {
		k.t.Fatal(err)
	}
	if k.signer, err = sm.GenerateKey(); err != nil {
		k.t.Fatal(err)
	}
	now := time.Now()
	if k.root, err = pki.NewRoot(k.t.Context(), ca, "Kapok test root", now.Add(-time.Hour), now.Add(24*time.Hour)); err != nil {
		k.t.Fatal(err)
	}
	parsed, err := pki.Parse(k.root)
	if err != nil {
		k.t.Fatal(err)
	}
	k.leaf, err = pki.Issue(k.t.Context(), parsed, ca, pki.Request{
		Name: "node-1", Usage: pki.Operational, From: now.Add(-time.Minute), To: now.Add(time.Hour), Public: k.signer.Public(),
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *kapok) known(kid string) (*sm.PublicKey, error) {
	if want := jose.NewJWK("", k.client).Thumbprint(); kid != want {
		k.t.Errorf("kid %s, want the thumbprint %s", kid, want)
	}
	return k.client, nil
}

func (k *kapok) token(w http.ResponseWriter, r *http.Request) {
	var claims jwt.RegisteredClaims
	_, err := jose.Parse(r.PostFormValue("client_assertion"), &claims, k.verifier, "test", k.known,
		jwt.WithAudience(k.url+"/oauth2/token"), jwt.WithIssuer(system), jwt.WithSubject(system), jwt.WithExpirationRequired())
	if err != nil || len(claims.ID) < 16 || r.PostFormValue("grant_type") != "client_credentials" {
		k.t.Errorf("the assertion: %v", err)
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"access_token":"the.token","token_type":"Bearer","expires_in":60}`)
}

func (k *kapok) exchange(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		k.t.Error(err)
	}
	asked := httpsig.Message{Method: r.Method, TargetURI: k.url + r.URL.RequestURI(), Header: r.Header}
	params, signature, err := httpsig.Parse(asked, "sig1")
	if err != nil {
		k.t.Errorf("the signature: %v", err)
	}
	wanted := []httpsig.Component{{Name: "@method"}, {Name: "@target-uri"}, {Name: "content-digest"}, {Name: "authorization"}}
	if !params.Covers(wanted...) || params.Tag != "kapok" || len(params.Nonce) < 16 || time.Since(params.Created).Abs() > time.Minute {
		k.t.Errorf("the signature's parameters are %+v", params)
	}
	if _, err := k.known(params.KeyID); err != nil {
		k.t.Error(err)
	}
	if err := httpsig.Verify(asked, params, signature, k.client, k.verifier); err != nil {
		k.t.Errorf("the signature: %v", err)
	}
	if err := httpsig.CheckContentDigest(r.Header, body); err != nil {
		k.t.Errorf("the digest: %v", err)
	}
	if err := json.Unmarshal(body, &k.asked); err != nil {
		k.t.Errorf("the body: %v", err)
	}
	k.answer(w, asked)
}

func (k *kapok) answer(w http.ResponseWriter, asked httpsig.Message) {
	body, err := json.Marshal(map[string]any{"data": map[string]string{"name": "测试甲"}, "receipt": map[string]any{"chain": [][]byte{k.leaf}}})
	if err != nil {
		k.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Digest", httpsig.ContentDigest(body))
	message := httpsig.Message{Status: http.StatusOK, Header: w.Header(), Request: &asked}
	err = httpsig.Sign(k.t.Context(), message, httpsig.Params{
		Label: "kapok", Tag: "kapok-response", KeyID: jose.NewJWK("", k.signer.Public()).Thumbprint(), Created: time.Now(),
		Covered: []httpsig.Component{{Name: "@status"}, {Name: "content-digest"}, {Name: "signature", Req: true, Key: "sig1"}},
	}, k.signer)
	if err != nil {
		k.t.Error(err)
	}
	_, _ = w.Write(k.garble(body))
}

// script runs exchange.sh and returns what it printed.
type script struct {
	k    *kapok
	key  string
	root string
}

func prepare(t *testing.T) script {
	t.Helper()
	k := start(t)
	dir := t.TempDir()
	s := script{k: k, key: filepath.Join(dir, "key.pem"), root: filepath.Join(dir, "root.pem")}
	if out, err := openssl(k.root, "x509", "-inform", "DER", "-out", s.root); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, complaints, err := s.run("key")
	if err != nil {
		t.Fatalf("%v: %s", err, complaints)
	}
	var jwk jose.JWK
	if err := json.Unmarshal([]byte(out), &jwk); err != nil {
		t.Fatal(err)
	}
	if k.client, err = jwk.PublicKey(); err != nil {
		t.Fatal(err)
	}
	if jwk.KeyID != jwk.Thumbprint() {
		t.Errorf("kid %s, thumbprint %s", jwk.KeyID, jwk.Thumbprint())
	}
	return s
}

func openssl(in []byte, args ...string) ([]byte, error) {
	cmd := exec.Command("openssl", args...)
	cmd.Stdin = bytes.NewReader(in)
	return cmd.CombinedOutput()
}

func (s script) run(args ...string) (out, complaints string, err error) {
	cmd := exec.Command("bash", append([]string{"exchange.sh"}, args...)...)
	cmd.Env = append(os.Environ(), "KAPOK_URL="+s.k.url, "SYSTEM_ID="+system, "KEY="+s.key, "BASIS_ID=basis-0001", "ROOT="+s.root)
	var printed, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &said
	err = cmd.Run()
	return printed.String(), said.String(), err
}

func TestExchange(t *testing.T) {
	s := prepare(t)
	for range 3 {
		out, complaints, err := s.run()
		if err != nil || !strings.Contains(out, "测试甲") {
			t.Fatalf("%v\n%s\n%s", err, out, complaints)
		}
		if !strings.Contains(complaints, "Verified Successfully") || !strings.Contains(complaints, "kapok.pem: OK") {
			t.Errorf("it said %s", complaints)
		}
		if s.k.asked["basis_id"] != "basis-0001" || s.k.asked["item"] != "1010010001/000001" {
			t.Errorf("it asked %v", s.k.asked)
		}
	}
	if info, err := os.Stat(s.key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
}

func TestChangedAnswerIsRefused(t *testing.T) {
	s := prepare(t)
	s.k.garble = func(body []byte) []byte { return bytes.Replace(body, []byte("测试甲"), []byte("测试乙"), 1) }
	if out, complaints, err := s.run(); err == nil {
		t.Errorf("accepted\n%s\n%s", out, complaints)
	}
}

func TestAnotherRootIsRefused(t *testing.T) {
	s := prepare(t)
	other := start(t)
	if out, err := openssl(other.root, "x509", "-inform", "DER", "-out", s.root); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, complaints, err := s.run(); err == nil {
		t.Errorf("accepted\n%s\n%s", out, complaints)
	}
}

// The script's conversions between DER and r‖s, at the edges: short numbers, and
// numbers with their highest bit set. A real signature meets the former once in 128.
func TestConversions(t *testing.T) {
	numbers := map[string]string{ // 32 bytes in hex to the INTEGER's content
		strings.Repeat("00", 31) + "01": "01",
		strings.Repeat("00", 31) + "80": "0080",
		"80" + strings.Repeat("00", 31): "0080" + strings.Repeat("00", 31),
		"7f" + strings.Repeat("ff", 31): "7f" + strings.Repeat("ff", 31),
		"00" + strings.Repeat("ff", 31): "00" + strings.Repeat("ff", 31),
		"0a" + strings.Repeat("00", 31): "0a" + strings.Repeat("00", 31),
	}
	const other = "5a000000000000000000000000000000000000000000000000000000000000a5"
	for raw, integer := range numbers {
		for _, pair := range [][2]string{{raw, other}, {other, raw}} {
			content := ""
			for _, half := range pair {
				number := half
				if half == raw {
					number = integer
				}
				content += fmt.Sprintf("02%02x%s", len(number)/2, number)
			}
			der := fmt.Sprintf("30%02x%s", len(content)/2, content)
			if got := convert(t, "der_of_raw", pair[0]+pair[1]); got != der {
				t.Errorf("to DER: %s, want %s", got, der)
			}
			if got := convert(t, "raw_of_der", der); got != pair[0]+pair[1] {
				t.Errorf("to r‖s: %s, want %s", got, pair[0]+pair[1])
			}
		}
	}
}

// convert runs the script's own functions, without the rest of it.
func convert(t *testing.T, name, in string) string {
	t.Helper()
	source, err := os.ReadFile("exchange.sh")
	if err != nil {
		t.Fatal(err)
	}
	from, to := strings.Index(string(source), "\nbytes() {"), strings.Index(string(source), "# Signs stdin")
	if from < 0 || to < from {
		t.Fatal("the functions are not where they were")
	}
	cmd := exec.Command("bash", "-c", string(source)[from:to]+"\n"+name)
	raw, err := hex.DecodeString(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(out)
}
