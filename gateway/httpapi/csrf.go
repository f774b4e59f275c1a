package httpapi

import (
	"crypto/subtle"
	"encoding/base64"
	"net/url"

	"github.com/gin-gonic/gin"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// csrfToken belongs to one session: only who holds the session's token can compute
// it, and it gives the session's token away to nobody.
func csrfToken(sessionToken string) string {
	mac := sm.HMAC([]byte(sessionToken), []byte("kapok/csrf/v1"))
	return base64.RawURLEncoding.EncodeToString(mac[:])
}

// ownPage lets a change through only when a page of ours asked for it: the token
// of the session stands in X-CSRF-Token, and the browser names no foreign origin.
func (a *api) ownPage(c *gin.Context) {
	if a.foreign(c) {
		writeProblem(c, gateway.Fail(gateway.Forbidden, "origin-foreign", "The page that sent this request is not one of Kapok's."))
		return
	}
	want, given := csrfToken(a.cookies.value(c, sessionCookie)), c.Request.Header.Values("X-CSRF-Token")
	if len(given) != 1 || subtle.ConstantTimeCompare([]byte(want), []byte(given[0])) != 1 {
		failure := gateway.Fail(gateway.Forbidden, "csrf-invalid", "X-CSRF-Token is missing or not the one of this session.")
		failure.Field, failure.Remedy = "X-CSRF-Token", "Read it from GET /v1/me."
		writeProblem(c, failure)
		return
	}
	c.Next()
}

// foreign believes the browser: Origin where it is sent, else Sec-Fetch-Site. A
// program that sends neither has no user to be tricked.
func (a *api) foreign(c *gin.Context) bool {
	if origins := c.Request.Header.Values("Origin"); len(origins) > 0 {
		return len(origins) != 1 || origins[0] != a.origin
	}
	switch c.GetHeader("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	default:
		return true
	}
}

// originOf is scheme, host and port of an address, as browsers write an Origin.
func originOf(address *url.URL) string { return address.Scheme + "://" + address.Host }
