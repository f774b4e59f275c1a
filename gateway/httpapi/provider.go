package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"kapok/gateway"
)

// Provider says who signs people in, by OpenID Connect.
type Provider struct {
	Issuer       string
	ClientID     string
	ClientSecret string       // empty for a public client; PKCE is used either way
	Client       *http.Client // nil: one with a time-out
}

const (
	providerTimeout = 5 * time.Second
	providerPause   = time.Second // between two tries to find a provider that is down
)

// provider finds the identity provider when it is first needed, and tries again until
// it is there: Kapok starts and serves departments without it.
type provider struct {
	config   Provider
	redirect string
	client   *http.Client
	now      func() time.Time

	mu    sync.Mutex
	found *discovered
	tried time.Time
	why   error
}

// discovered is a provider that has told its addresses and keys.
type discovered struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	provider *oidc.Provider
}

func newProvider(config Provider, redirect string, now func() time.Time) *provider {
	client := config.Client
	if client == nil {
		client = &http.Client{Timeout: providerTimeout}
	}
	return &provider{config: config, redirect: redirect, client: client, now: now}
}

// get returns the provider, or the problem sign-in-unavailable. Callers wait for one
// look-up; after a failed one, nobody asks again for a moment.
func (p *provider) get() (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.why == nil || p.now().Sub(p.tried) >= providerPause {
		p.found, p.why = p.discover()
		p.tried = p.now()
	}
	if p.why != nil {
		return nil, unavailable(p.why)
	}
	return p.found, nil
}

// discover is not bound to one request's life: its answer serves all.
func (p *provider) discover() (*discovered, error) {
	ctx, cancel := context.WithTimeout(p.context(context.Background()), providerTimeout)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.config.Issuer)
	if err != nil {
		return nil, err
	}
	return &discovered{
		oauth: oauth2.Config{
			ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, Endpoint: found.Endpoint(),
			RedirectURL: p.redirect, Scopes: []string{oidc.ScopeOpenID, "profile"},
		},
		verifier: found.VerifierContext(p.context(context.Background()), &oidc.Config{ClientID: p.config.ClientID, Now: p.now}),
		provider: found,
	}, nil
}

// context carries the HTTP client to the OpenID Connect library.
func (p *provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

func unavailable(cause error) *gateway.Error {
	failure := gateway.Fail(gateway.Unavailable, "sign-in-unavailable", "The identity provider cannot be reached; try again.")
	failure.RetryAfter = 5 * time.Second
	return failure.Because(cause)
}
