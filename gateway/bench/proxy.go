package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"kapok/connectors"
	"kapok/crypto/jose"
)

// ProxyConfig tells a proxy process what to be. It comes over standard input.
type ProxyConfig struct {
	Target   string    `json:"target"`             // the source's base address
	Listen   string    `json:"listen"`             // host and port, loopback
	Verifies *Verifies `json:"verifies,omitempty"` // nil: the bare proxy, a
}

// Verifies is what proxy b knows: whose tokens and requests are good, and the key it
// signs responses with, made for this run only.
type Verifies struct {
	Issuer   jose.JWK            `json:"issuer"`
	Audience string              `json:"audience"`
	Systems  map[string]jose.JWK `json:"systems"` // by key id
	Signer   []byte              `json:"signer"`  // the private key of the responses
}

// Proxy runs a proxy until ctx ends. Its first line of output says that it is ready.
func Proxy(ctx context.Context, in io.Reader, out io.Writer) error {
	var config ProxyConfig
	if err := json.NewDecoder(in).Decode(&config); err != nil {
		return fmt.Errorf("bench: the proxy's configuration: %w", err)
	}
	if err := mustBeLoopback(config.Listen); err != nil {
		return err
	}
	handler, err := newProxy(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "http://"+listener.Addr().String())
	return serveProxy(ctx, listener, handler)
}

func serveProxy(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// newProxy is Gin without any middleware, around the standard library's reverse
// proxy with the client that Kapok's connectors use.
func newProxy(config ProxyConfig) (http.Handler, error) {
	target, err := url.Parse(config.Target)
	if err != nil || target.Host == "" {
		return nil, errors.New("bench: the proxy's target is not an address")
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:  connectors.HTTPClient().Transport,
		BufferPool: &buffers{},
	}
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	if config.Verifies != nil {
		guard, err := newGuard(*config.Verifies)
		if err != nil {
			return nil, err
		}
		router.Use(guard.admit)
		proxy.ModifyResponse = guard.signResponse
	}
	router.Any("/*path", gin.WrapH(proxy))
	return router, nil
}

// buffers spares the proxy a buffer for each response.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

// Get is called by the reverse proxy.
func (b *buffers) Get() []byte {
	if used, ok := b.pool.Get().(*[]byte); ok {
		return *used
	}
	return make([]byte, bufferSize)
}

// Put is called by the reverse proxy.
func (b *buffers) Put(used []byte) { b.pool.Put(&used) }
