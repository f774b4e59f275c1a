package idp

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// request is one sign-in under way. It is never changed: the store replaces it.
type request struct {
	id      string
	asked   oidc.AuthRequest
	begun   time.Time
	subject string    // who signed in; empty before
	at      time.Time // when
}

func newRequest(asked *oidc.AuthRequest) request {
	return request{id: rand.Text(), asked: *asked, begun: time.Now()}
}

func (r request) GetID() string                      { return r.id }
func (r request) GetACR() string                     { return "" }
func (r request) GetAudience() []string              { return []string{r.asked.ClientID} }
func (r request) GetAuthTime() time.Time             { return r.at }
func (r request) GetClientID() string                { return r.asked.ClientID }
func (r request) GetNonce() string                   { return r.asked.Nonce }
func (r request) GetRedirectURI() string             { return r.asked.RedirectURI }
func (r request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }
func (r request) GetResponseMode() oidc.ResponseMode { return r.asked.ResponseMode }
func (r request) GetScopes() []string                { return slices.Clone(r.asked.Scopes) }
func (r request) GetState() string                   { return r.asked.State }
func (r request) GetSubject() string                 { return r.subject }
func (r request) Done() bool                         { return r.subject != "" }

// GetAMR says how the person proved who they are: in the sandbox, not at all.
func (r request) GetAMR() []string { return []string{"sandbox"} }

// GetCodeChallenge is always there: the store takes no request without one.
func (r request) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}
