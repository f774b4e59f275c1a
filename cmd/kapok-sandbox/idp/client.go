package idp

import (
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// registered is how the protocol's library asks about the [Client].
type registered struct{ client Client }

func (r registered) GetID() string                    { return r.client.ID }
func (r registered) RedirectURIs() []string           { return []string{r.client.Redirect} }
func (r registered) PostLogoutRedirectURIs() []string { return nil }
func (r registered) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (r registered) GrantTypes() []oidc.GrantType         { return []oidc.GrantType{oidc.GrantTypeCode} }
func (r registered) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeBearer }
func (r registered) IDTokenLifetime() time.Duration       { return tokenLife }
func (r registered) IsScopeAllowed(string) bool           { return false }
func (r registered) IDTokenUserinfoClaimsAssertion() bool { return true }
func (r registered) ClockSkew() time.Duration             { return 0 }

// LoginURL is where the browser goes to choose a person.
func (r registered) LoginURL(id string) string { return "/login?id=" + url.QueryEscape(id) }

// DevMode allows a redirect over plain http, as trials on one machine have it.
func (r registered) DevMode() bool { return true }

// ApplicationType is a server that takes part in the flow.
func (r registered) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }

// AuthMethod is none for a public client, which PKCE protects.
func (r registered) AuthMethod() oidc.AuthMethod {
	if r.client.Secret == "" {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

// RestrictAdditionalIdTokenScopes leaves the scopes as they are.
func (r registered) RestrictAdditionalIdTokenScopes() func([]string) []string { return asTheyAre }

// RestrictAdditionalAccessTokenScopes leaves the scopes as they are.
func (r registered) RestrictAdditionalAccessTokenScopes() func([]string) []string { return asTheyAre }

func asTheyAre(scopes []string) []string { return scopes }
