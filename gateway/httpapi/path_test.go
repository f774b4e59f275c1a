package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// raw sends a request line as it is: an HTTP client would mend it.
func (w *world) raw(t testing.TB, line, headers string) answer {
	t.Helper()
	at, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", at.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", line, at.Host, headers); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodGet, URL: &url.URL{Path: line}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, body}
}

func TestPathsThatClimbAreRefusedAndRecorded(t *testing.T) {
	w := newWorld(t)
	targets := []string{
		"/v1/exchanges/..%2f..%2fetc%2fpasswd/receipt", "/v1/exchanges/%2e%2e/receipt", "/v1/exchanges/%2E%2E%2Freceipt",
		"/v1/../v1/me", "/v1/./me", "/..", "/v1/exchanges/%252e%252e%252f/receipt", "/v1/%00", "/v1/me%00", "/v1/me%0a", "/v1/me%7f",
		"/v1/..%5c..%5cwindows", "/v1/a%5cb", `/v1/a\b`, "/v1/%ff%fe", "/v1/%c0%ae%c0%ae/", "/docs/..%2fpages%2findex.html", "/static/%2e%2e/dist",
	}
	for _, target := range targets {
		got := w.raw(t, "GET "+target, "")
		p := got.wants(t, 400, "path-invalid")
		if strings.Contains(string(got.body), "passwd") || strings.Contains(p.Detail, "..") {
			t.Errorf("%s: the problem repeats the path: %s", target, got.body)
		}
	}
	_, refused := w.exchange.seen()
	if want := slices.Repeat([]string{"path-invalid"}, len(targets)); !slices.Equal(refused, want) {
		t.Errorf("recorded %d of %d refusals", len(refused), len(targets))
	}
}

func TestTargetsThatAreNoPath(t *testing.T) {
	w := newWorld(t)
	w.raw(t, "GET http://other.example/v1/me", "").wants(t, 400, "path-invalid")
	w.raw(t, "OPTIONS *", "").wants(t, 400, "path-invalid")
}

func TestOrdinaryPathsPass(t *testing.T) {
	w := newWorld(t)
	for target, status := range map[string]int{
		"/livez": 200, "/v1/catalog/items/1010010001/000001": 200, "/v1/.well-known": 404, "/v1/a..b": 404, "/v1/me/": 404,
		"//v1/me": 404, "/V1/ME": 404, "/v1/catalog/items/1010010001%2F000001": 404, "/%6civez": 404, "/docs/%E4%B8%AD": 404,
	} {
		if got := w.raw(t, "GET "+target, ""); got.StatusCode != status {
			t.Errorf("%s: %d, want %d", target, got.StatusCode, status)
		}
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	for _, method := range []string{"PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECTED"} {
		got := b.doOnly(method, "/v1/exchanges")
		if got.StatusCode != 405 || got.Header.Get("Allow") != "POST" {
			t.Errorf("%s: %d, Allow %q", method, got.StatusCode, got.Header.Get("Allow"))
		}
	}
	got := b.do(http.MethodPost, "/v1/catalog/items", "{}")
	got.wants(t, 405, "method-not-allowed")
}

// doOnly sends without looking at the body: HEAD has none.
func (b *browser) doOnly(method, path string) answer {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.w.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	response.Body.Close()
	return answer{response, nil}
}
