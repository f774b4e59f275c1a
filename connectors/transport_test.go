package connectors_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kapok/connectors"
)

// word stands for what no error may repeat: it is in the address and in the answers.
const word = "11010519491231002X"

func TestAsk(t *testing.T) {
	cases := map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"fine":            {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) }, nil},
		"not found":       {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, word, http.StatusNotFound) }, nil},
		"too large":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat(word, 10)) }, connectors.ErrGarbage},
		"server error":    {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, word, http.StatusBadGateway) }, connectors.ErrUnavailable},
		"too many":        {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, word, http.StatusTooManyRequests) }, connectors.ErrUnavailable},
		"redirect":        {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/"+word, http.StatusFound) }, connectors.ErrGarbage},
		"no answer":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, connectors.ErrUnavailable},
		"too slow":        {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, connectors.ErrTimeout},
		"slow in the end": {dribble, connectors.ErrTimeout},
		"cut":             {cut, connectors.ErrUnavailable},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_, _, err := ask(ctx, t, server.URL+"/"+word)
			if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "127.0.0.1")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func ask(ctx context.Context, t *testing.T, address string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return connectors.Ask(connectors.HTTPClient(), req, 100)
}

// dribble sends a first byte and then nothing.
func dribble(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "1")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// cut promises more than it sends.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "50")
	_, _ = io.WriteString(w, word)
	panic(http.ErrAbortHandler)
}

func TestNobodyListens(t *testing.T) {
	if _, _, err := ask(t.Context(), t, "http://127.0.0.1:1/"+word); !errors.Is(err, connectors.ErrUnavailable) || strings.Contains(err.Error(), word) {
		t.Errorf("%v", err)
	}
}

func TestIsJSON(t *testing.T) {
	for contentType, want := range map[string]bool{
		"application/json":                true,
		"application/json;charset=UTF-8":  true,
		"application/problem+json":        true,
		"Application/JSON; charset=utf-8": true,
		"application/json; charset=GBK":   false,
		"text/json":                       false,
		"text/html; charset=utf-8":        false,
		"":                                false,
		"application/json; charset":       false,
	} {
		if got := connectors.IsJSON(contentType); got != want {
			t.Errorf("%q: %v", contentType, got)
		}
	}
}
