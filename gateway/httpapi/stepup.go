package httpapi

import (
	"errors"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"kapok/gateway/postgres"
)

// A step-up is a sign-in for one thing: the person proves anew who they are, for
// exactly the notice that they are about to agree to in writing (PIPL 29). The SM3 of
// the identity provider's token enters the consent as its assertion.

const (
	stepLife = 10 * time.Minute // from the sign-in to the consent
	stepSkew = time.Minute      // between the provider's clock and ours
)

// stepOptions ask the provider to make sure of the person now, and not to go by an
// older sign-in (OpenID Connect Core 3.1.2.1).
func stepOptions(of string) []oauth2.AuthCodeOption {
	if of == "" {
		return nil
	}
	return []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"), oauth2.SetAuthURLParam("acr_values", "L3"),
	}
}

// steppedUp checks that the person proved who they are after the sign-in began: a
// provider that was asked with max_age says when it was (auth_time).
func steppedUp(login postgres.Login, authTime time.Time) error {
	begun := login.Expires.Add(-loginLife)
	if login.StepFor == "" || !authTime.Before(begun.Add(-stepSkew)) {
		return nil
	}
	return untrusted(errors.New("auth_time is missing or before this sign-in, which asked for a new one"))
}

// steppedFor is the assertion of a sign-in for exactly this notice, while it is fresh.
func (h handlers) steppedFor(session *postgres.Session, notice string) string {
	begun := session.Expires.Add(-sessionLife)
	if session.Step.For != notice || h.now().After(begun.Add(stepLife)) {
		return ""
	}
	return session.Step.Assertion
}

// authTime reads when the provider last made sure of the person; zero where it does not say.
func authTime(token *oidc.IDToken) time.Time {
	var said struct {
		AuthTime int64 `json:"auth_time"`
	}
	if token.Claims(&said) != nil || said.AuthTime <= 0 {
		return time.Time{}
	}
	return time.Unix(said.AuthTime, 0)
}
