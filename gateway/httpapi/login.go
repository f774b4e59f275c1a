package httpapi

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"kapok/gateway"
	"kapok/gateway/httpapi/address"
	"kapok/gateway/postgres"
)

const (
	loginLife   = 10 * time.Minute // from leaving for the identity provider to coming back
	sessionLife = 2 * time.Hour    // then one signs in again
)

// startLogin sends the browser to the identity provider: authorisation code with
// PKCE (RFC 7636, S256). What has to match afterwards stays here, under the state's
// hash; the browser that began holds a secret of its own, so that nobody can end a
// sign-in in another's browser.
func (a *api) startLogin(c *gin.Context) {
	identity, err := a.provider.get()
	if err != nil {
		writeProblem(c, err)
		return
	}
	state, browser, nonce, verifier := newToken(), newToken(), newToken(), oauth2.GenerateVerifier()
	stateHash, _ := tokenHash(state)
	browserHash, _ := tokenHash(browser)
	err = a.logins.SaveLogin(c.Request.Context(), stateHash, postgres.Login{
		BrowserHash: browserHash, Nonce: nonce, Verifier: verifier,
		ReturnTo: address.Local(c.Query("return_to")), Expires: a.now().Add(loginLife),
	})
	if err != nil {
		writeProblem(c, err)
		return
	}
	a.cookies.set(c, loginCookie, browser, loginLife)
	c.Redirect(http.StatusFound, identity.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
}

// finishLogin comes back from the identity provider. The state is used up whatever
// happens next, and the session that begins has a new token always, so that none
// known before goes on.
func (a *api) finishLogin(c *gin.Context) {
	session, returnTo, err := a.signIn(c)
	a.cookies.clear(c, loginCookie)
	if err != nil {
		writeProblem(c, err)
		return
	}
	token := newToken()
	hash, _ := tokenHash(token)
	if err := a.sessions.BeginSession(c.Request.Context(), hash, session); err != nil {
		writeProblem(c, err)
		return
	}
	a.endOld(c)
	a.cookies.set(c, sessionCookie, token, session.Expires.Sub(a.now()))
	c.Redirect(http.StatusFound, returnTo)
}

func (a *api) signIn(c *gin.Context) (postgres.Session, string, error) {
	ctx := c.Request.Context()
	login, err := a.takeLogin(c)
	if err != nil {
		return postgres.Session{}, "", err
	}
	if c.Query("error") != "" {
		return postgres.Session{}, "", gateway.Fail(gateway.Unauthenticated, "sign-in-refused", "The identity provider did not sign the person in.")
	}
	claims, err := a.claimsOf(ctx, single(c, "code"), login)
	if err != nil {
		return postgres.Session{}, "", err
	}
	session, err := a.rolesOf(ctx, claims)
	return session, login.ReturnTo, err
}

// takeLogin uses up what startLogin kept, and makes sure that this browser began it,
// with this provider (RFC 9207).
func (a *api) takeLogin(c *gin.Context) (postgres.Login, error) {
	stateHash, ok := tokenHash(single(c, "state"))
	if issuer := c.Query("iss"); !ok || issuer != "" && issuer != a.provider.config.Issuer {
		return postgres.Login{}, loginExpired()
	}
	login, err := a.logins.TakeLogin(c.Request.Context(), stateHash)
	if err != nil {
		return postgres.Login{}, err
	}
	browserHash, ok := tokenHash(a.cookies.value(c, loginCookie))
	if login == nil || !ok || browserHash != login.BrowserHash || !a.now().Before(login.Expires) {
		return postgres.Login{}, loginExpired()
	}
	return *login, nil
}

// single is a query parameter that stands once; "" otherwise.
func single(c *gin.Context, name string) string {
	if values := c.QueryArray(name); len(values) == 1 {
		return values[0]
	}
	return ""
}

func loginExpired() error {
	failure := gateway.Fail(gateway.Invalid, "sign-in-expired", "This sign-in is not known, was used, is too old, or began in another browser.")
	failure.Remedy = "Begin again at /auth/login."
	return failure
}

// identityClaims are what Kapok reads of what the provider says of a person. The
// names are those of the province's service (统一身份认证).
type identityClaims struct {
	Issuer   string `json:"-"`
	Subject  string `json:"sub"`
	IDType   string `json:"idcardtype"`
	IDNumber string `json:"idcardnumber"`
	Level    string `json:"creditable_level_of_account"` // L0 to L3
}

// claimsOf redeems the code and checks what comes back: the token's signature,
// issuer, audience and time (go-oidc), and that it was made for this sign-in.
func (a *api) claimsOf(ctx context.Context, code string, login postgres.Login) (identityClaims, error) {
	identity, err := a.provider.get()
	if err != nil {
		return identityClaims{}, err
	}
	ctx = a.provider.context(ctx)
	token, err := identity.oauth.Exchange(ctx, code, oauth2.VerifierOption(login.Verifier))
	if err != nil {
		return identityClaims{}, exchangeFailure(err)
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := identity.verifier.Verify(ctx, raw)
	if err != nil {
		return identityClaims{}, untrusted(err)
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(login.Nonce)) != 1 {
		return identityClaims{}, untrusted(errors.New("nonce is not the one of this sign-in"))
	}
	claims := identityClaims{}
	if err := idToken.Claims(&claims); err != nil {
		return identityClaims{}, untrusted(errors.New("claims of the ID token are not of the expected form"))
	}
	claims.Issuer = idToken.Issuer
	return identity.complete(ctx, token, claims)
}

// complete asks the user-info endpoint for what the ID token leaves out.
func (d *discovered) complete(ctx context.Context, token *oauth2.Token, claims identityClaims) (identityClaims, error) {
	if claims.IDNumber != "" || d.provider.UserInfoEndpoint() == "" {
		return claims, nil
	}
	info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil { // its text can quote the answer
		return identityClaims{}, unavailable(errors.New("user info could not be read"))
	}
	more := identityClaims{}
	if err := info.Claims(&more); err != nil || more.Subject != claims.Subject {
		return identityClaims{}, untrusted(errors.New("user info is not of the person of the ID token"))
	}
	more.Issuer = claims.Issuer
	return more, nil
}

// exchangeFailure keeps the provider's status and error code; its text could be anything.
func exchangeFailure(err error) error {
	answered, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || answered.Response.StatusCode >= http.StatusInternalServerError {
		return unavailable(errors.New("token endpoint did not answer"))
	}
	return untrusted(fmt.Errorf("token endpoint answered %d", answered.Response.StatusCode))
}

func untrusted(cause error) error {
	return gateway.Fail(gateway.Unauthenticated, "sign-in-invalid", "What the identity provider answered cannot be trusted.").Because(cause)
}

// logout ends the session here and on every node.
func (a *api) logout(c *gin.Context) {
	hash, _ := tokenHash(a.cookies.value(c, sessionCookie))
	if err := a.sessions.EndSession(c.Request.Context(), hash); err != nil {
		writeProblem(c, err)
		return
	}
	a.cookies.clear(c, sessionCookie)
	c.Status(http.StatusNoContent)
}

// endOld ends the session that this browser had before; when that fails it ends by
// itself in time, and the new one is another.
func (a *api) endOld(c *gin.Context) {
	hash, ok := tokenHash(a.cookies.value(c, sessionCookie))
	if !ok {
		return
	}
	if err := a.sessions.EndSession(c.Request.Context(), hash); err != nil {
		a.log.WarnContext(c.Request.Context(), "an old session could not be ended", "trace_id", visitOf(c).trace, "cause", err)
	}
}
