package httpapi_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"kapok/gateway"
)

func TestEveryKindHasItsStatus(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	for kind, status := range map[gateway.Kind]int{
		gateway.Internal: 500, gateway.Invalid: 400, gateway.Unauthenticated: 401, gateway.Forbidden: 403, gateway.NotFound: 404,
		gateway.Conflict: 409, gateway.Excess: 412, gateway.TooLarge: 413, gateway.TooMany: 429, gateway.NotBuilt: 501,
		gateway.SourceFailed: 502, gateway.SourceTimeout: 504, gateway.Unavailable: 503, gateway.Kind(99): 500,
	} {
		failure := gateway.Fail(kind, "a-code", "A rule.").Because(errors.New("a cause for the log"))
		failure.Field, failure.Fields, failure.Remedy = "/fields", []string{"phone"}, "Ask for less."
		w.exchange.answer(w.exchange.release, failure)
		got := b.do(http.MethodPost, "/v1/exchanges", "{}")
		p := got.wants(t, status, "a-code")
		if p.Field != "/fields" || len(p.Fields) != 1 || p.Remedy == "" {
			t.Errorf("kind %d: %+v", kind, p)
		}
		if strings.Contains(string(got.body), "cause") {
			t.Errorf("kind %d tells its cause", kind)
		}
		if needs := status == 401; needs != (got.Header.Get("WWW-Authenticate") != "") {
			t.Errorf("kind %d: WWW-Authenticate %q", kind, got.Header.Get("WWW-Authenticate"))
		}
		if needs := status == 503; needs != (got.Header.Get("Retry-After") != "") {
			t.Errorf("kind %d: Retry-After %q", kind, got.Header.Get("Retry-After"))
		}
	}
	if !strings.Contains(w.logs.String(), "a cause for the log") {
		t.Error("the log does not hold the cause")
	}
}

func TestRetryAfterRoundsUp(t *testing.T) {
	w := newWorld(t)
	for wait, want := range map[time.Duration]string{0: "1", time.Millisecond: "1", 1500 * time.Millisecond: "2", time.Minute: "60"} {
		failure := gateway.Fail(gateway.Unavailable, "ledger-busy", "Later.")
		failure.RetryAfter = wait
		w.exchange.answer(w.exchange.release, failure)
		if got := w.browser(t).do(http.MethodPost, "/v1/exchanges", "{}").Header.Get("Retry-After"); got != want {
			t.Errorf("%v: Retry-After %q, want %q", wait, got, want)
		}
	}
}

func TestUnknownErrorsTellNothing(t *testing.T) {
	w := newWorld(t)
	w.exchange.answer(w.exchange.release, errors.New("pq: row for 11010519491231002X"))
	got := w.browser(t).do(http.MethodPost, "/v1/exchanges", "{}")
	got.wants(t, 500, "internal")
	if strings.Contains(string(got.body), "11010519491231002X") {
		t.Error("the answer holds the error's text")
	}
}

func TestPanicIsAProblemAndTheServerGoesOn(t *testing.T) {
	for _, value := range []any{"secret 11010519491231002X", errors.New("secret 11010519491231002X"), struct{}{}} {
		w := newWorld(t)
		w.exchange.panics = value
		got := w.browser(t).do(http.MethodPost, "/v1/exchanges", "{}")
		got.wants(t, 500, "internal")
		w.browser(t).get("/livez").wants(t, 200, "")
		logged := w.logs.String()
		if strings.Contains(logged, "11010519491231002X") || strings.Contains(string(got.body), "11010519491231002X") {
			t.Error("what was thrown is told")
		}
		if !strings.Contains(logged, "exchanges.go") {
			t.Errorf("the log does not say where: %s", logged)
		}
	}
}

func TestTraceID(t *testing.T) {
	w := newWorld(t)
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for header, taken := range map[string]bool{
		"00-" + id + "-00f067aa0ba902b7-01":                       true,
		"cc-" + id + "-00f067aa0ba902b7-01-more":                  true,
		"00-" + id + "-00f067aa0ba902b7-01-more":                  false,
		"ff-" + id + "-00f067aa0ba902b7-01":                       false,
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": false,
		"00-" + id + "-0000000000000000-01":                       false,
		"00-" + strings.ToUpper(id) + "-00f067aa0ba902b7-01":      false,
		"00-" + id[:31] + "\"-00f067aa0ba902b7-01":                false,
		"nonsense": false,
	} {
		got := w.browser(t).do(http.MethodGet, "/v1/none", "", "Traceparent", header)
		if p := got.wants(t, 404, "path-unknown"); (p.TraceID == id) != taken {
			t.Errorf("%q: trace id %s", header, p.TraceID)
		}
	}
}
