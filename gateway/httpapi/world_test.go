package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kapok/catalog"
	"kapok/cmd/kapok-sandbox/idp"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/connectors/guard"
	"kapok/gateway"
	"kapok/gateway/confirmation"
	"kapok/gateway/exchange"
	"kapok/gateway/grants"
	"kapok/gateway/httpapi"
	"kapok/gateway/licensing"
	"kapok/gateway/mandates"
	"kapok/gateway/postgres"
	"kapok/gateway/publishing"
	"kapok/gateway/returns"
)

// world is Kapok's edge on a socket, with a real identity provider beside it.
type world struct {
	url        string
	exchange   *doorman
	logs       *syncBuffer
	metrics    *prometheus.Registry
	provider   *httptest.Server
	stores     stores
	down       atomic.Bool // the identity provider is
	clock      *movable    // by which terms run
	grants     *grants.Service
	workflow   *postgres.Workflow
	publishing *publishing.Service
}

// option changes the world before it begins.
type option func(*httpapi.Config)

func newWorld(t testing.TB, options ...option) *world {
	t.Helper()
	w := &world{exchange: &doorman{}, logs: &syncBuffer{}, metrics: prometheus.NewRegistry(), stores: newStores(t)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + listener.Addr().String()
	w.provider = w.newProvider(t)
	known, err := catalog.Load(catalog.Example(), map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": w.provider.URL})
	if err != nil {
		t.Fatal(err)
	}
	config := httpapi.Config{
		PublicURL: w.url, Catalog: func() *catalog.Catalog { return known }, Exchanges: w.exchange, Tokens: w.exchange,
		Logins: w.stores.db, Sessions: w.stores.db, Subjects: w.stores.people,
		Safe: w.stores.safe(known), Bases: w.stores.db, Record: w.stores.db.Ledger(), Readings: w.stores.log, Rules: w.stores.db, Returns: w.stores.db.Returns(),
		Licences: licensing.New(licensing.Config{Store: w.stores.db, Now: time.Now}),
		Sources:  measured, Violations: w.stores.db,
		Provider: httpapi.Provider{Issuer: w.provider.URL, ClientID: "kapok"},
		Trust:    w.stores.bundle().Encode(),
		Metrics:  w.metrics, Now: time.Now, Log: slog.New(slog.NewJSONHandler(w.logs, nil)),
	}
	w.openWorkflow(t, known)
	config.Matters, config.Desk, config.Stops, config.Trial = w.grants, w.grants, w.grants, w.clock
	config.Unverified = w.stores.db
	config.Keys = w.enrolling(known)
	config.Seconding = &confirmation.Service{Store: w.stores.db, Log: w.stores.log, Now: time.Now}
	config.Notices = w.stores.db
	config.Mandates = mandates.New(mandates.Config{Store: w.stores.db, Catalog: config.Catalog, Log: w.stores.log, Now: time.Now})
	imported := returns.New(returns.Config{Catalog: config.Catalog, Store: w.stores.db.Returns(), Now: time.Now})
	config.Importing, config.ReturnActs = imported, imported
	w.openPublishing(t, &config, known)
	for _, change := range options {
		change(&config)
	}
	handler, err := httpapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, listener, handler)
	return w
}

// newProvider runs the sandbox's identity provider.
func (w *world) newProvider(t testing.TB) *httptest.Server {
	t.Helper()
	register, err := people.NewRegister(0)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if w.down.Load() {
			out.WriteHeader(http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(out, r)
	}))
	t.Cleanup(server.Close)
	provider, err := idp.New(server.URL, idp.Client{ID: "kapok", Redirect: w.url + "/auth/callback"}, register)
	if err != nil {
		t.Fatal(err)
	}
	provider.Routes(mux)
	return server
}

// serve runs the server as Kapok does, until the test ends.
func (w *world) serve(t testing.TB, listener net.Listener, handler http.Handler) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- httpapi.Serve(ctx, httpapi.NewServer(handler, slog.New(slog.NewJSONHandler(w.logs, nil))), listener, 5*time.Second)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// logged waits until the log holds a text.
func (w *world) logged(t testing.TB, text string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); !strings.Contains(w.logs.String(), text); {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not hold %s", text)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// doorman stands where the one path begins: it notes what the edge hands over, and
// answers as it was told. The path itself is tested in its own package.
type doorman struct {
	mu       sync.Mutex
	calls    []exchange.Call
	refusals []string
	release  exchange.Release
	err      error
	panics   any
}

func (d *doorman) Exchange(_ context.Context, call exchange.Call) (exchange.Release, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, call)
	if d.panics != nil {
		panic(d.panics)
	}
	return d.release, d.err
}

func (d *doorman) Behind(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) AtPeer(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) Receipt(ctx context.Context, call exchange.Call, _ string) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) RegisterCase(ctx context.Context, call exchange.Call) error {
	_, err := d.Exchange(ctx, call)
	return err
}

func (d *doorman) Prove(ctx context.Context, call exchange.Call) (exchange.Caller, error) {
	_, err := d.Exchange(ctx, call)
	return exchange.Caller{System: "system", Department: "department"}, err
}

func (d *doorman) AtDesk(ctx context.Context, _ exchange.Officer, call exchange.Call) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) ScanAtDesk(ctx context.Context, _ exchange.Officer, call exchange.Call) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) DeskOf(exchange.Officer) (exchange.Desk, error) { return exchange.Desk{}, nil }

func (d *doorman) Scan(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) AskConsent(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) ToErase(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) AttestErasure(ctx context.Context, call exchange.Call, _ string) error {
	_, err := d.Exchange(ctx, call)
	return err
}

func (d *doorman) ConsentState(ctx context.Context, call exchange.Call, _ string) (exchange.Release, error) {
	return d.Exchange(ctx, call)
}

func (d *doorman) RecordRefusal(_ context.Context, _ exchange.Call, cause error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refusals = append(d.refusals, gateway.AsError(cause).Code)
}

func (d *doorman) Issue(_ context.Context, request exchange.TokenRequest) (exchange.TokenResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return exchange.TokenResponse{}, d.err
	}
	return exchange.TokenResponse{AccessToken: "token-for-" + request.GrantType, TokenType: "Bearer", ExpiresIn: 60}, nil
}

func (d *doorman) answer(release exchange.Release, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.release, d.err = release, err
}

func (d *doorman) seen() ([]exchange.Call, []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]exchange.Call(nil), d.calls...), append([]string(nil), d.refusals...)
}

// browser is a person's: it keeps cookies and follows nothing by itself.
type browser struct {
	t      testing.TB
	w      *world
	client *http.Client
	csrf   string
}

func (w *world) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, w: w, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// answer is a response read to its end.
type answer struct {
	*http.Response
	body []byte
}

func (b *browser) do(method, path, body string, header ...string) answer {
	b.t.Helper()
	target := path
	if strings.HasPrefix(path, "/") {
		target = b.w.url + path
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if b.csrf != "" && method == http.MethodPost {
		request.Header.Set("X-CSRF-Token", b.csrf)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i+1] == "" {
			request.Header.Del(header[i])
			continue
		}
		request.Header.Set(header[i], header[i+1])
	}
	return b.send(request)
}

func (b *browser) send(request *http.Request) answer {
	b.t.Helper()
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	got := answer{response, body}
	if strings.HasPrefix(request.URL.String(), b.w.url) {
		conforms(b.t, request, got)
	}
	return got
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, "") }

// cookie returns one of the browser's cookies for Kapok.
func (b *browser) cookie(name string) string {
	at, err := url.Parse(b.w.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, cookie := range b.client.Jar.Cookies(at) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// measured is one source that does well enough and one that is down for maintenance.
func measured() []guard.Health {
	now := time.Now().UTC()
	return []guard.Health{
		{ID: "national-platform", State: "up", Since: now, Calls: 100, Failures: 1, P50: time.Millisecond, P95: 20 * time.Millisecond, Promise: guard.Promise{Availability: 99.5}},
		{ID: "returned", State: "maintenance", Since: now, Windows: []guard.Window{{From: now, Until: now.Add(time.Hour), Reason: "升级"}}},
	}
}
