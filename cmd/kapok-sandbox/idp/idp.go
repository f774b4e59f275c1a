package idp

import (
	"crypto/rand"
	"fmt"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/op"

	"kapok/cmd/kapok-sandbox/people"
)

// Client is the one relying party that is registered.
type Client struct {
	ID       string
	Secret   string // empty: a public client, PKCE alone
	Redirect string // the only address to which people are taken back
}

// Provider is the running identity provider.
type Provider struct {
	issuer   string
	client   Client
	accounts accounts
	store    *store
	protocol *op.Provider
}

// New makes a provider whose issuer is the address others reach it at.
func New(issuer string, client Client, register people.Register) (*Provider, error) {
	known := knownAccounts(register)
	store, err := newStore(client, known)
	if err != nil {
		return nil, err
	}
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true, SupportedClaims: claimNames()}
	if _, err := rand.Read(config.CryptoKey[:]); err != nil {
		return nil, err
	}
	protocol, err := op.NewProvider(config, store, op.StaticIssuer(issuer), op.WithAllowInsecure())
	if err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	return &Provider{issuer: issuer, client: client, accounts: known, store: store, protocol: protocol}, nil
}

// Routes adds the provider's addresses to a mux. The protocol's own take what
// nobody else claims.
func (p *Provider) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", p.showLogin)
	mux.HandleFunc("POST /login", p.finishLogin)
	mux.HandleFunc("GET /login.css", p.showStyle)
	mux.Handle("/", p.protocol)
}
