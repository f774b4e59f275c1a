package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"kapok/cmd/kapok-sandbox/people"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/httpapi"
)

func TestHeadersOnEveryAnswer(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-01")
	for _, path := range []string{"/livez", "/v1/me", "/v1/none", "/v1/catalog/items", "/", "/docs", "/docs/problems", "/static/kapok.css", "/openapi.yaml", "/metrics", "/auth/login"} {
		h := b.get(path).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s %q", path, name, h.Get(name))
			}
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if strings.HasPrefix(path, "/v1/me") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached: %q", path, h.Get("Cache-Control"))
		}
		if h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
			t.Errorf("%s says what it runs on", path)
		}
	}
}

func TestPagesAreCachedByTag(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	first := b.get("/")
	if first.StatusCode != 200 || first.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", first.StatusCode, first.Header)
	}
	if again := b.do(http.MethodGet, "/", "", "If-None-Match", first.Header.Get("ETag")); again.StatusCode != 304 || len(again.body) != 0 {
		t.Errorf("again: %d with %d bytes", again.StatusCode, len(again.body))
	}
}

// TestNothingPersonalIsObserved signs a citizen in, consents, withdraws, fails, and
// then looks for traces of the person in log and metrics.
func TestNothingPersonalIsObserved(t *testing.T) {
	w := newWorld(t)
	w.exchange.answer(exchange.Release{}, gateway.Fail(gateway.Unauthenticated, "token-missing", "No token."))
	b := w.browser(t).signIn("citizen-01")
	granted := b.consent()
	b.do(http.MethodPost, "/v1/me/bases/"+granted.ID+"/withdraw", "")
	b.get("/v1/me/accesses?limit=7")
	b.get("/v1/me/accesses?cursor=" + number)
	b.do(http.MethodPost, "/v1/exchanges", `{"subject":{"id_number":"`+number+`"}}`)
	b.get("/v1/" + number)
	b.do("NUMBER"+number, "/v1/me", "")
	register, err := people.NewRegister(0)
	if err != nil {
		t.Fatal(err)
	}
	observed := w.logs.String() + string(b.get("/metrics").body)
	for what, trace := range map[string]string{
		"identity number": register.At(0).Number, "name": register.At(0).Name, "number sent": number, "reference": w.subjectRef(t, 0),
		"session": b.cookie("kapok"), "CSRF token": b.csrf, "basis": granted.ID, "query": "limit=7", "address": "127.0.0.1:",
	} {
		if trace == "" || strings.Contains(observed, trace) {
			t.Errorf("log or metrics hold the %s", what)
		}
	}
}

func TestRequestLog(t *testing.T) {
	w := newWorld(t)
	w.exchange.answer(exchange.Release{System: "tianhe-minzheng-dibao"}, gateway.Fail(gateway.SourceTimeout, "source-timeout", "Late.").Because(errors.New("deadline")))
	w.browser(t).do(http.MethodPost, "/v1/exchanges", "{}", "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	var line map[string]any
	if err := json.Unmarshal([]byte(lastLine(w.logs.String())), &line); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"method": "POST", "route": "/v1/exchanges", "status": 504.0, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
		"system": "tianhe-minzheng-dibao", "code": "source-timeout", "cause": "deadline", "level": "WARN",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	b.get("/v1/catalog/items/1010010001/000001")
	b.get("/v1/catalog/items/9990010001/000001")
	for _, path := range []string{"/a", "/b", "/c"} {
		b.get(path)
	}
	got := string(b.get("/metrics").body)
	for _, want := range []string{
		`kapok_http_requests_total{code="",method="GET",route="/v1/catalog/items/:category/:serial",status="200"} 1`,
		`kapok_http_requests_total{code="item-unknown",method="GET",route="/v1/catalog/items/:category/:serial",status="404"} 1`,
		`kapok_http_requests_total{code="path-unknown",method="GET",route="none",status="404"} 3`,
		`kapok_http_request_duration_seconds_count{route="none"} 3`, `kapok_http_requests_in_flight 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestReadiness(t *testing.T) {
	checks := []httpapi.Check{
		{Name: "database", Probe: func(context.Context) error { return nil }},
		{Name: "ledger", Probe: func(context.Context) error { return errors.New("lease of 10.0.0.7 lost") }},
		{Name: "keys", Timeout: 50 * time.Millisecond, Probe: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
	}
	w := newWorld(t, func(c *httpapi.Config) { c.Checks = checks })
	began := time.Now()
	got := w.browser(t).get("/readyz")
	health := decode[httpapi.Health](t, got)
	if got.StatusCode != 503 || health.Checks["database"] != "ok" || health.Checks["ledger"] != "failing" || health.Checks["keys"] != "failing" {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if strings.Contains(string(got.body), "10.0.0.7") || !strings.Contains(w.logs.String(), "10.0.0.7") {
		t.Error("the cause belongs into the log and nowhere else")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	w.browser(t).get("/livez").wants(t, 200, "")
	if fine := newWorld(t, func(c *httpapi.Config) { c.Checks = checks[:1] }).browser(t).get("/readyz"); fine.StatusCode != 200 {
		t.Errorf("ready: %d %s", fine.StatusCode, fine.body)
	}
}

func TestPublicAddressIsChecked(t *testing.T) {
	for _, bad := range []string{"", "kapok.example", "ftp://kapok.example", "http://", "https://kapok.example/", "https://kapok.example/api", "https://u@kapok.example", "https://kapok.example?x"} {
		if _, err := httpapi.New(httpapi.Config{PublicURL: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
