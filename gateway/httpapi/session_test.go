package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kapok/gateway/httpapi"
)

func TestSessionCookieIsKeptFromScripts(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	begun := b.get("/auth/login?return_to=/v1/me")
	back := b.get(b.atProvider(begun.Header.Get("Location"), "citizen-01"))
	var session *http.Cookie
	for _, cookie := range back.Cookies() {
		if cookie.Name == "kapok" {
			session = cookie
		}
	}
	if session == nil || !session.HttpOnly || session.SameSite != http.SameSiteLaxMode || session.Path != "/" || session.Domain != "" || session.MaxAge <= 0 {
		t.Fatalf("cookie %+v", session)
	}
	if strings.Contains(back.Header.Get("Location"), session.Value) {
		t.Error("the token stands in an address")
	}
}

func TestOverTLSTheCookieBelongsToTheHostAlone(t *testing.T) {
	w := newWorld(t, func(c *httpapi.Config) { c.PublicURL = "https://kapok.example" })
	begun := w.browser(t).get("/auth/login")
	cookie := begun.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-kapok-login=") || !strings.Contains(cookie, "; Secure") || strings.Contains(cookie, "Domain") {
		t.Errorf("cookie %q", cookie)
	}
	if begun.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
}

func TestSignInCannotBeReplayedOrTransplanted(t *testing.T) {
	w := newWorld(t)
	mine, theirs := w.browser(t), w.browser(t)
	callback := mine.atProvider(mine.get("/auth/login").Header.Get("Location"), "citizen-01")
	theirs.get("/auth/login") // they have a sign-in of their own under way
	theirs.get(callback).wants(t, 400, "sign-in-expired")
	mine.get(callback).wants(t, 400, "sign-in-expired") // used up by the attempt

	callback = mine.atProvider(mine.get("/auth/login").Header.Get("Location"), "citizen-01")
	mine.get(callback).wants(t, 302, "")
	mine.get(callback).wants(t, 400, "sign-in-expired")
	for _, bad := range []string{"/auth/callback", "/auth/callback?state=", "/auth/callback?state=AAAA&code=x",
		"/auth/callback?state=" + strings.Repeat("A", 43) + "&code=x", "/auth/callback?state=a&state=b"} {
		w.browser(t).get(bad).wants(t, 400, "sign-in-expired")
	}
}

func TestProviderSaysNo(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	at, err := url.Parse(b.get("/auth/login").Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	state := at.Query().Get("state")
	got := b.get("/auth/callback?error=access_denied&error_description=%3Cscript%3E&state=" + url.QueryEscape(state))
	got.wants(t, 401, "sign-in-refused")
	if strings.Contains(string(got.body), "access_denied") || strings.Contains(string(got.body), "script") {
		t.Error("the provider's word is repeated")
	}
	b.get("/auth/callback?error=access_denied&state="+url.QueryEscape(state)).wants(t, 400, "sign-in-expired")
}

func TestCodeMustBeTheProviders(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	at, err := url.Parse(b.get("/auth/login").Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	b.get("/auth/callback?code=made-up&state="+url.QueryEscape(at.Query().Get("state"))).wants(t, 401, "sign-in-invalid")
}

// TestCodeInjection: a code that was given to another sign-in fails by PKCE.
func TestCodeInjection(t *testing.T) {
	w := newWorld(t)
	victim, thief := w.browser(t), w.browser(t)
	stolen, err := url.Parse(victim.atProvider(victim.get("/auth/login").Header.Get("Location"), "citizen-01"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := url.Parse(thief.get("/auth/login").Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	thief.get("/auth/callback?code="+url.QueryEscape(stolen.Query().Get("code"))+"&state="+url.QueryEscape(own.Query().Get("state"))).
		wants(t, 401, "sign-in-invalid")
	thief.get("/v1/me").wants(t, 401, "session-missing")
}

// TestNonceBindsTheToken: an ID token that was made for another request is refused.
func TestNonceBindsTheToken(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	at, err := url.Parse(b.get("/auth/login").Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	query := at.Query()
	query.Set("nonce", strings.Repeat("N", 43))
	at.RawQuery = query.Encode()
	b.get(b.atProvider(at.String(), "citizen-01")).wants(t, 401, "sign-in-invalid")
	b.get("/v1/me").wants(t, 401, "session-missing")
}

func TestAuthorisationRequest(t *testing.T) {
	w := newWorld(t)
	at, err := url.Parse(w.browser(t).get("/auth/login").Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	q := at.Query()
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 ||
		len(q.Get("state")) != 43 || len(q.Get("nonce")) != 43 || q.Get("redirect_uri") != w.url+"/auth/callback" || !strings.Contains(q.Get("scope"), "openid") {
		t.Errorf("asked %v", q)
	}
}

func TestSessionFixation(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	at, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	planted := strings.Repeat("B", 42) + "A"
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "kapok", Value: planted, Path: "/"}})
	b.signIn("citizen-01")
	first := b.cookie("kapok")
	if first == planted || first == "" {
		t.Fatal("the session goes on under the planted token")
	}
	b.signIn("citizen-02")
	if b.cookie("kapok") == first {
		t.Error("a second sign-in keeps the token")
	}
	old := w.browser(t)
	old.client.Jar.SetCookies(at, []*http.Cookie{{Name: "kapok", Value: first, Path: "/"}})
	old.get("/v1/me").wants(t, 401, "session-missing")
}

func TestTwoCookiesAreNobodys(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-01")
	one := "kapok=" + b.cookie("kapok")
	w.raw(t, "GET /v1/me", "Cookie: "+one+"\r\n").wants(t, 200, "")
	w.raw(t, "GET /v1/me", "Cookie: "+one+"; kapok="+strings.Repeat("A", 43)+"\r\n").wants(t, 401, "session-missing")
	w.raw(t, "GET /v1/me", "Cookie: "+one+"\r\nCookie: "+one+"\r\n").wants(t, 401, "session-missing")
}

func TestMixedUpProvider(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	callback := b.atProvider(b.get("/auth/login").Header.Get("Location"), "citizen-01")
	b.get(callback+"&iss=https%3A%2F%2Fevil.example").wants(t, 400, "sign-in-expired")
	callback = b.atProvider(b.get("/auth/login").Header.Get("Location"), "citizen-01")
	b.get(callback+"&iss="+url.QueryEscape(w.provider.URL)).wants(t, 302, "")
}

func TestReturnToStaysHere(t *testing.T) {
	w := newWorld(t)
	for wanted, want := range map[string]string{
		"/v1/me/accesses?limit=5": "/v1/me/accesses?limit=5", "/": "/", "": "/",
		"https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/", "/%5cevil.example": "/",
		"/\tevil": "/", "/%2e%2e//evil": "/", "javascript:alert(1)": "/", "/%2fevil.example": "/", "evil": "/", "/..//evil": "/",
		"/" + strings.Repeat("a", 505): "/" + strings.Repeat("a", 505),
	} {
		b := w.browser(t)
		begun := b.get("/auth/login?return_to=" + url.QueryEscape(wanted))
		got := b.get(b.atProvider(begun.Header.Get("Location"), "citizen-03"))
		if got.Header.Get("Location") != want {
			t.Errorf("%q leads to %q", wanted, got.Header.Get("Location"))
		}
	}
}

func TestChangesNeedTheSessionsOwnToken(t *testing.T) {
	w := newWorld(t)
	b, other := w.browser(t).signIn("citizen-01"), w.browser(t).signIn("citizen-02")
	const path = "/v1/me/bases/00000000000000000000000000000000/withdraw"
	for name, c := range map[string]struct {
		header []string
		status int
		code   string
	}{
		"none":                {[]string{"X-CSRF-Token", ""}, 403, "csrf-invalid"},
		"wrong":               {[]string{"X-CSRF-Token", strings.Repeat("A", 43)}, 403, "csrf-invalid"},
		"another session's":   {[]string{"X-CSRF-Token", other.csrf}, 403, "csrf-invalid"},
		"foreign origin":      {[]string{"Origin", "https://evil.example"}, 403, "origin-foreign"},
		"null origin":         {[]string{"Origin", "null"}, 403, "origin-foreign"},
		"origin's lookalike":  {[]string{"Origin", w.url + ".evil.example"}, 403, "origin-foreign"},
		"cross-site":          {[]string{"Sec-Fetch-Site", "cross-site"}, 403, "origin-foreign"},
		"same-site, not ours": {[]string{"Sec-Fetch-Site", "same-site"}, 403, "origin-foreign"},
		"ours":                {[]string{"Origin", w.url, "Sec-Fetch-Site", "same-origin"}, 404, "basis-unknown"},
		"a program's":         {nil, 404, "basis-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			b.do(http.MethodPost, path, "", c.header...).wants(t, c.status, c.code)
		})
	}
	b.t = t
	w.browser(t).do(http.MethodPost, path, "", "X-CSRF-Token", b.csrf).wants(t, 401, "session-missing")
}

func TestLogoutEndsTheSessionEverywhere(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-01")
	token := b.cookie("kapok")
	b.do(http.MethodPost, "/auth/logout", "", "X-CSRF-Token", "").wants(t, 403, "csrf-invalid")
	b.get("/v1/me").wants(t, 200, "")
	b.do(http.MethodPost, "/auth/logout", "").wants(t, 204, "")
	if b.cookie("kapok") != "" {
		t.Error("the browser keeps the cookie")
	}
	at, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "kapok", Value: token, Path: "/"}})
	b.get("/v1/me").wants(t, 401, "session-missing")
}

func TestSessionsEnd(t *testing.T) {
	var ahead atomic.Int64
	w := newWorld(t, func(c *httpapi.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	b := w.browser(t).signIn("citizen-01")
	ahead.Store(int64(118 * time.Minute))
	b.get("/v1/me").wants(t, 200, "")
	ahead.Store(int64(2 * time.Hour))
	b.get("/v1/me").wants(t, 401, "session-missing")
}

func TestSomebodyWithoutARoleGetsNoSession(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	got := b.get(b.atProvider(b.get("/auth/login").Header.Get("Location"), "staff-counter-01"))
	got.wants(t, 403, "sign-in-nobody")
	if b.cookie("kapok") != "" {
		t.Error("a session began")
	}
}

func TestKapokStartsWithoutTheProvider(t *testing.T) {
	w := newWorld(t, func(c *httpapi.Config) { c.Provider.Issuer = "http://127.0.0.1:1" })
	b := w.browser(t)
	got := b.get("/auth/login")
	got.wants(t, 503, "sign-in-unavailable")
	if got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	b.get("/v1/catalog/items").wants(t, 200, "")
}

func TestProviderThatComesBackIsFound(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	w.down.Store(true)
	b.get("/auth/login").wants(t, 503, "sign-in-unavailable")
	w.down.Store(false)
	deadline := time.Now().Add(5 * time.Second)
	for b.get("/auth/login").StatusCode != http.StatusFound {
		if time.Now().After(deadline) {
			t.Fatal("the provider is back and not found")
		}
		time.Sleep(100 * time.Millisecond)
	}
}
