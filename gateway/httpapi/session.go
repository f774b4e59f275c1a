package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/postgres"
	"kapok/gateway/safe"
)

const codeSessionMissing = "session-missing"

// tokenSize is how many random bytes a session's token, a sign-in's state and the
// like have. Kapok keeps only their SM3.
const tokenSize = 32

// newToken makes a secret that nobody can guess, as it stands in a cookie or an address.
func newToken() string {
	var raw [tokenSize]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// tokenHash is what a store knows of a token. It reports false for what no token of
// ours looks like.
func tokenHash(token string) ([32]byte, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != tokenSize {
		return [32]byte{}, false
	}
	return sm.Sum(raw), true
}

// cookies knows what Kapok's cookies are called and how they are kept. Over TLS the
// __Host- prefix makes browsers refuse them from any other host or path.
type cookies struct{ https bool }

const (
	sessionCookie = "kapok"
	loginCookie   = "kapok-login"
)

func (k cookies) name(of string) string {
	if k.https {
		return "__Host-" + of
	}
	return of
}

func (k cookies) set(c *gin.Context, of, value string, life time.Duration) {
	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // Secure follows the public address; only a trial on one machine has http
		Name: k.name(of), Value: value, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: k.https, SameSite: http.SameSiteLaxMode,
	})
}

func (k cookies) clear(c *gin.Context, of string) { k.set(c, of, "", -time.Second) }

// value returns the cookie's value, "" when there is none or more than one: two could
// be ours and a stranger's.
func (k cookies) value(c *gin.Context, of string) string {
	found := c.Request.CookiesNamed(k.name(of))
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// person lets through who is signed in and holds one of the roles; no role: anybody
// who is signed in.
func (a *api) person(roles ...Role) gin.HandlerFunc {
	return func(c *gin.Context) {
		session, err := a.sessionOf(c.Request.Context(), a.cookies.value(c, sessionCookie))
		if err != nil {
			writeProblem(c, err)
			return
		}
		if len(roles) > 0 && !holds(session, roles...) {
			writeProblem(c, gateway.Fail(gateway.Forbidden, "role-missing", "The person who is signed in does not hold the role that this needs."))
			return
		}
		v := visitOf(c)
		v.session = session
		v.sessionToken, _ = tokenHash(a.cookies.value(c, sessionCookie)) // the one just found
		c.Next()
	}
}

func (a *api) sessionOf(ctx context.Context, token string) (*postgres.Session, error) {
	hash, ok := tokenHash(token)
	if !ok {
		return nil, nobody()
	}
	session, err := a.sessions.Session(ctx, hash)
	if err != nil {
		return nil, err
	}
	if session == nil || !a.now().Before(session.Expires) {
		return nil, nobody()
	}
	return session, nil
}

func nobody() error {
	failure := gateway.Fail(gateway.Unauthenticated, codeSessionMissing, "Nobody is signed in, or the session has ended.")
	failure.Remedy = "Sign in at /auth/login."
	return failure
}

// holds reports whether the person holds one of the roles.
func holds(session *postgres.Session, roles ...Role) bool {
	return slices.ContainsFunc(roles, func(role Role) bool { return slices.Contains(session.Roles, string(role)) })
}

// citizenOf and staffOf are the person as the rest of Kapok names them.
func citizenOf(session *postgres.Session) safe.Person {
	return safe.Person{Ref: session.SubjectRef, Level: session.AuthLevel, AgeBand: session.AgeBand}
}

func staffOf(session *postgres.Session) safe.Person {
	return safe.Person{Ref: session.Subject, Own: session.SubjectRef, Level: session.AuthLevel}
}
