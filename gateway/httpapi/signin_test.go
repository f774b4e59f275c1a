package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"testing"
)

var hiddenID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// atProvider walks from the authorisation request to the address that leads back.
func (b *browser) atProvider(authURL, subject string) string {
	b.t.Helper()
	next := b.get(authURL)
	for next.StatusCode/100 == 3 {
		at, err := next.Location()
		if err != nil {
			b.t.Fatal(err)
		}
		next = b.get(at.String())
	}
	found := hiddenID.FindSubmatch(next.body)
	if found == nil {
		b.t.Fatalf("no sign-in form: %d %s", next.StatusCode, next.body)
	}
	form := url.Values{"id": {string(found[1])}, "subject": {subject}}
	next = b.do(http.MethodPost, b.w.provider.URL+"/login", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "X-CSRF-Token", "")
	for next.StatusCode/100 == 3 {
		at, err := next.Location()
		if err != nil {
			b.t.Fatal(err)
		}
		if at.Path == "/auth/callback" {
			return at.RequestURI()
		}
		next = b.get(at.String())
	}
	b.t.Fatalf("the provider does not lead back: %d %s", next.StatusCode, next.body)
	return ""
}

// signIn signs a person of the sandbox in and learns the session's CSRF token.
func (b *browser) signIn(subject string) *browser {
	b.t.Helper()
	begun := b.get("/auth/login?return_to=/v1/me")
	if begun.StatusCode != http.StatusFound {
		b.t.Fatalf("login: %d %s", begun.StatusCode, begun.body)
	}
	back := b.get(b.atProvider(begun.Header.Get("Location"), subject))
	if back.StatusCode != http.StatusFound || back.Header.Get("Location") != "/v1/me" {
		b.t.Fatalf("callback: %d %q %s", back.StatusCode, back.Header.Get("Location"), back.body)
	}
	var me struct {
		CSRF string `json:"csrf_token"`
	}
	answered := b.get("/v1/me")
	if err := json.Unmarshal(answered.body, &me); err != nil || me.CSRF == "" {
		b.t.Fatalf("me: %d %s", answered.StatusCode, answered.body)
	}
	b.csrf = me.CSRF
	return b
}

func TestRolesFollowFromWhoSignsIn(t *testing.T) {
	w := newWorld(t)
	for subject, want := range map[string]string{
		"citizen-01": `"roles":["citizen"]`, "staff-bureau-01": `"roles":["bureau"]`, "staff-auditor-01": `"roles":["auditor"]`,
	} {
		me := w.browser(t).signIn(subject).get("/v1/me")
		if !regexp.MustCompile(regexp.QuoteMeta(want)).Match(me.body) {
			t.Errorf("%s: %s", subject, me.body)
		}
	}
}
