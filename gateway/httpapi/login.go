package httpapi

import (
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
	step := c.Query("for") // of the form that the contract gives it
	state, browser, nonce, verifier := newToken(), newToken(), newToken(), oauth2.GenerateVerifier()
	stateHash, _ := tokenHash(state)
	browserHash, _ := tokenHash(browser)
	err = a.logins.SaveLogin(c.Request.Context(), stateHash, postgres.Login{
		BrowserHash: browserHash, Nonce: nonce, Verifier: verifier,
		ReturnTo: address.Local(c.Query("return_to")), StepFor: step, Expires: a.now().Add(loginLife),
	})
	if err != nil {
		writeProblem(c, err)
		return
	}
	a.cookies.set(c, loginCookie, browser, loginLife)
	options := append(stepOptions(step), oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	c.Redirect(http.StatusFound, identity.oauth.AuthCodeURL(state, options...))
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
	session.Device = deviceOf(c.GetHeader("User-Agent"))
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
	if login.StepFor != "" {
		session.Step = postgres.Step{For: login.StepFor, Assertion: claims.Assertion}
	}
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
