package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crypto/rand"

	"github.com/golang-jwt/jwt/v5"

	"kapok/cmd/kapok-sandbox/people"
	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/postgres/pgtest"
	"kapok/gateway/safe"
)

const (
	household   = "1010010001/000001"
	dibao       = "tianhe-minzheng-dibao"
	dibaoMatter = "11440106KAPK0002272010511001000"
	publicURL   = "http://kapok.test"
)

// sandboxProgram is built once for the package: the outside world is another process
// that speaks real protocols over real sockets.
var sandboxProgram string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "kapok-e2e-")
	if err != nil {
		panic(err)
	}
	sandboxProgram = filepath.Join(folder, "kapok-sandbox")
	build := exec.Command("go", "build", "-o", sandboxProgram, "kapok/cmd/kapok-sandbox")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build the sandbox: %v\n%s", err, out))
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// world is a sandbox, a database, and nodes that share it behind one public address.
type world struct {
	t       *testing.T
	public  string // the address that callers sign
	outside string // the sandbox's address
	sandbox *exec.Cmd
	dsn     string
	keys    keysConfig
	logs    *bytes.Buffer
	nodes   []*node
	urls    []string // the nodes' own addresses
	adjust  []func(*config)
}

func newWorld(t *testing.T, nodes int) *world { return newWorldAt(t, nodes, publicURL) }

// newWorldAt makes a world that callers know under another address than the tests'.
func newWorldAt(t *testing.T, nodes int, public string) *world {
	return newWorldOf(t, nodes, public, time.Hour)
}

// newWorldOf makes a world whose operational keys live only so long.
func newWorldOf(t *testing.T, nodes int, public string, keyLife time.Duration, adjust ...func(*config)) *world {
	t.Helper()
	w := &world{t: t, public: public, dsn: pgtest.NewDSN(t), logs: &bytes.Buffer{}, adjust: adjust}
	w.startSandbox()
	folder := t.TempDir()
	w.keys = keysConfig{Backend: fileBackend, Folder: folder, PassphraseFile: filepath.Join(folder, "passphrase"), Lifetime: keyLife}
	log := newLog(&lockedWriter{to: w.logs})
	ring, err := (&trial{out: io.Discard}).openKeys(t.Context(), w.keys, log)
	if err != nil {
		t.Fatal(err)
	}
	for i := range nodes {
		n, err := startNode(t.Context(), w.config(fmt.Sprintf("node-%d", i)), ring, log)
		if err != nil {
			t.Fatal(err)
		}
		at := public
		if i > 0 {
			at = publicURL // the public address is the first one's
		}
		w.serve(n, listen(t, at))
	}
	return w
}

// listen takes the public address where it is a real one, else any.
func listen(t *testing.T, public string) net.Listener {
	t.Helper()
	address := strings.TrimPrefix(public, "http://")
	if public == publicURL {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func (w *world) config(name string) config {
	c := defaults()
	c.PublicURL, c.Node, c.LogName = w.public, name, "kapok.test"
	c.Database.URL, c.Keys = w.dsn, w.keys
	c.Catalog.Values = map[string]string{"SANDBOX_URL": w.outside, "OIDC_ISSUER": w.outside}
	c.SignIn = signInConfig{Issuer: w.outside, ClientID: "kapok"}
	for _, adjust := range w.adjust {
		adjust(&c)
	}
	c.pushPause = 20 * time.Millisecond
	c.trialStart = time.Date(2026, 4, 27, 1, 0, 0, 0, time.UTC) // terms run over days that the calendar knows
	return c
}

func (w *world) serve(n *node, listener net.Listener) {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.serve(ctx, listener) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			w.t.Errorf("the node did not stop cleanly: %v", err)
		}
	})
	w.nodes = append(w.nodes, n)
	w.urls = append(w.urls, "http://"+listener.Addr().String())
}

func (w *world) startSandbox() {
	w.t.Helper()
	command := exec.Command(sandboxProgram, "serve", "--address", "127.0.0.1:0", "--parent-dies", "--app-key", sandboxAppKey, "--redirect", w.public+"/auth/callback")
	out, err := command.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	w.sandbox = command
	line := make([]byte, 128)
	n, err := out.Read(line) // the first line that it prints is its address
	if err != nil {
		w.t.Fatal(err)
	}
	w.outside = strings.TrimSpace(string(line[:n]))
}

func (w *world) killSandbox() {
	w.t.Helper()
	if err := w.sandbox.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
}

// madeUp is one of the sandbox's named people.
func madeUp(i int) people.Person {
	register, err := people.NewRegister(people.Named)
	if err != nil {
		panic(err)
	}
	return register.At(i)
}

func firstCitizen() string { return madeUp(0).Number }

// order asks the sandbox for a fault in the next answers of the household register.
func (w *world) order(kind string, delay time.Duration) {
	w.t.Helper()
	count := 1
	if kind == "500" || kind == "down" {
		count = 2 // such a question is put a second time
	}
	w.orderAt("sid-mps-household-0001", kind, count, delay)
}

// orderAt has an interface of the sandbox's make a fault in its next calls.
func (w *world) orderAt(sid, kind string, count int, delay time.Duration) {
	w.t.Helper()
	body := fmt.Sprintf(`{"sid":%q,"kind":%q,"count":%d,"delay_ms":%d}`, sid, kind, count, delay.Milliseconds())
	answer, err := http.Post(w.outside+"/_sandbox/faults", "application/json", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		w.t.Fatalf("the sandbox refused the order: %d", answer.StatusCode)
	}
}

// statutory registers the basis that the department's calls rest on.
func (w *world) statutory(fields ...string) string {
	w.t.Helper()
	return w.statutoryFor(gateway.View, fields...)
}

func (w *world) safe(i int) *safe.Service {
	n := w.nodes[i]
	return safe.New(safe.Config{
		Catalog: n.exchange.Catalog, Bases: n.database, History: n.database, Requests: n.database, Erasures: n.database, Deadlines: n.database, Issued: n.database, Log: n.journal, Signing: n.operational.Current, Now: time.Now,
	})
}

// caller is a department's system that holds a key and can also do wrong.
type caller struct {
	w      *world
	system string
	key    *sm.PrivateKey
	keyID  string
	now    func() time.Time
}

func (w *world) enrol(system string) *caller {
	w.t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		w.t.Fatal(err)
	}
	c := &caller{w: w, system: system, key: key, keyID: jose.NewJWK("", key.Public()).Thumbprint(), now: time.Now}
	encoded, err := json.Marshal(jose.NewJWK(c.keyID, key.Public()))
	if err != nil {
		w.t.Fatal(err)
	}
	enrolFile(w.t, w, system, encoded)
	return c
}

// shot is one call about to be made; a test may spoil any part of it.
type shot struct {
	node    int
	method  string
	target  string // as it is signed
	address string // as it is sent, when it differs
	header  http.Header
	body    []byte
	params  httpsig.Params
	after   func(*http.Request) // after signing
}

func (c *caller) shot(body string) *shot {
	return &shot{
		method: http.MethodPost, target: publicURL + "/v1/exchanges", body: []byte(body),
		header: http.Header{"Content-Type": {"application/json"}},
		params: httpsig.Params{
			Label: "sig1", Tag: "kapok", KeyID: c.keyID, Nonce: rand.Text(), Created: c.now(),
			Covered: []httpsig.Component{{Name: "@method"}, {Name: "@target-uri"}, {Name: "content-digest"}, {Name: "authorization"}},
		},
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	signed httpsig.Message // the request, for verifying what answers it
}

type problem struct {
	Code    string   `json:"code"`
	Detail  string   `json:"detail"`
	Field   string   `json:"field"`
	Fields  []string `json:"fields"`
	Remedy  string   `json:"remedy"`
	TraceID string   `json:"trace_id"`
}

func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("not a problem document: %d %s", a.status, a.body)
	}
	return p
}

func (c *caller) token(node int) string {
	c.w.t.Helper()
	status, body := c.tokenWith(node, c.assertion(publicURL+"/oauth2/token", rand.Text()))
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &granted); err != nil || status != http.StatusOK {
		c.w.t.Fatalf("no token: %d %s", status, body)
	}
	return granted.Token
}

func (c *caller) assertion(audience, id string) string {
	c.w.t.Helper()
	now := c.now()
	signed, err := jose.Sign(c.w.t.Context(), jwt.RegisteredClaims{
		Issuer: c.system, Subject: c.system, Audience: jwt.ClaimStrings{audience}, ID: id,
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
	}, map[string]any{"kid": c.keyID}, c.key)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return signed
}

func (c *caller) tokenWith(node int, assertion string) (int, []byte) {
	c.w.t.Helper()
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	res, err := http.PostForm(c.w.urls[node]+"/oauth2/token", form)
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return res.StatusCode, body
}

// send signs and makes the call.
func (c *caller) send(s *shot) answer {
	c.w.t.Helper()
	request, signed := c.signed(s)
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return answer{status: res.StatusCode, header: res.Header, body: body, signed: signed}
}

func (c *caller) signed(s *shot) (*http.Request, httpsig.Message) {
	c.w.t.Helper()
	if s.header.Get("Authorization") == "" {
		s.header.Set("Authorization", "Bearer "+c.token(s.node))
	}
	if s.header.Get("Content-Digest") == "" {
		s.header.Set("Content-Digest", httpsig.ContentDigest(s.body))
	}
	message := httpsig.Message{Method: s.method, TargetURI: s.target, Header: s.header}
	if err := httpsig.Sign(c.w.t.Context(), message, s.params, c.key); err != nil {
		c.w.t.Fatal(err)
	}
	address := s.address
	if address == "" {
		address = strings.Replace(s.target, publicURL, c.w.urls[s.node], 1)
	}
	request, err := http.NewRequestWithContext(c.w.t.Context(), s.method, address, bytes.NewReader(s.body))
	if err != nil {
		c.w.t.Fatal(err)
	}
	request.Header = s.header.Clone()
	if s.after != nil {
		s.after(request)
	}
	return request, message
}

// ask is the body of a call about a citizen who does not exist.
func ask(basisID string, fields ...string) string {
	body, err := json.Marshal(map[string]any{
		"item": household, "fields": fields, "operation": "VIEW",
		"subject":      map[string]string{"id_type": "111", "id_number": firstCitizen()},
		"service_item": dibaoMatter, "case_no": "DB-2026-000001", "officer_ref": "officer-0001",
		"purpose": "assistance-review", "basis_id": basisID,
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}
