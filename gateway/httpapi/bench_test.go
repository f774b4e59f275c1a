package httpapi_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/httpapi"
)

// free answers at once, so that what is measured is the edge.
type free struct{ release exchange.Release }

func (f free) Exchange(context.Context, exchange.Call) (exchange.Release, error) {
	return f.release, nil
}
func (f free) Behind(context.Context, exchange.Call) (exchange.Release, error) { return f.release, nil }
func (f free) AtPeer(context.Context, exchange.Call) (exchange.Release, error) { return f.release, nil }
func (f free) Receipt(context.Context, exchange.Call, string) (exchange.Release, error) {
	return f.release, nil
}
func (f free) RegisterCase(context.Context, exchange.Call) error { return nil }
func (f free) Prove(context.Context, exchange.Call) (exchange.Caller, error) {
	return exchange.Caller{}, nil
}
func (f free) AtDesk(ctx context.Context, _ exchange.Officer, call exchange.Call) (exchange.Release, error) {
	return f.Exchange(ctx, call)
}

func (f free) ScanAtDesk(ctx context.Context, _ exchange.Officer, call exchange.Call) (exchange.Release, error) {
	return f.Exchange(ctx, call)
}

func (f free) DeskOf(exchange.Officer) (exchange.Desk, error) { return exchange.Desk{}, nil }

func (f free) Scan(context.Context, exchange.Call) (exchange.Release, error) {
	return f.release, nil
}

func (f free) AskConsent(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return f.Exchange(ctx, call)
}

func (f free) ToErase(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return f.Exchange(ctx, call)
}

func (f free) AttestErasure(ctx context.Context, call exchange.Call, _ string) error {
	_, err := f.Exchange(ctx, call)
	return err
}

func (f free) ConsentState(ctx context.Context, call exchange.Call, _ string) (exchange.Release, error) {
	return f.Exchange(ctx, call)
}

func (f free) RecordRefusal(context.Context, exchange.Call, error) {}
func (f free) Issue(context.Context, exchange.TokenRequest) (exchange.TokenResponse, error) {
	return exchange.TokenResponse{}, gateway.Fail(gateway.NotBuilt, "not-built", "No.")
}

// blank is a ResponseWriter that costs nothing.
type blank struct{ header http.Header }

func (b *blank) Header() http.Header         { return b.header }
func (b *blank) Write(p []byte) (int, error) { return len(p), nil }
func (b *blank) WriteHeader(int)             {}
func (b *blank) Flush()                      {}

// BenchmarkChain compares POST /v1/exchanges through the whole edge, log included,
// with a bare Gin that reads the same body and writes the same answer.
func BenchmarkChain(b *testing.B) {
	body := strings.Repeat("x", 400)
	answer := []byte(strings.Repeat("y", 1000))
	release := exchange.Release{Status: 200, System: "tianhe-minzheng-dibao", Body: answer, Header: http.Header{"Content-Type": {"application/json"}}}
	gin.SetMode(gin.ReleaseMode)
	bare := gin.New()
	bare.POST("/v1/exchanges", func(c *gin.Context) {
		if _, err := io.ReadAll(c.Request.Body); err != nil {
			b.Error(err)
		}
		c.Data(200, "application/json", answer)
	})
	for name, handler := range map[string]http.Handler{"bare": bare, "kapok": edge(b, release)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				request := httptest.NewRequest(http.MethodPost, "/v1/exchanges", strings.NewReader(body))
				request.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
				handler.ServeHTTP(&blank{header: http.Header{}}, request)
			}
		})
	}
}

// BenchmarkValidation is one request that openapi.yaml is held against.
func BenchmarkValidation(b *testing.B) {
	handler := edge(b, exchange.Release{})
	for _, path := range []string{"/v1/trust", "/v1/catalog/items/1010010001/000001"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(&blank{header: http.Header{}}, httptest.NewRequest(http.MethodGet, path, nil))
			}
		})
	}
}

func edge(b *testing.B, release exchange.Release) http.Handler {
	known, err := catalog.Load(catalog.Example(), map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": "http://127.0.0.1:8641"})
	if err != nil {
		b.Fatal(err)
	}
	handler, err := httpapi.New(httpapi.Config{
		PublicURL: "http://127.0.0.1:8640", Catalog: func() *catalog.Catalog { return known }, Exchanges: free{release}, Tokens: free{release},
		Metrics: prometheus.NewRegistry(), Now: time.Now, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Trust: []byte("{}"),
	})
	if err != nil {
		b.Fatal(err)
	}
	return handler
}
