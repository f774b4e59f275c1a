package idp_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"kapok/cmd/kapok-sandbox/idp"
	"kapok/cmd/kapok-sandbox/people"
)

const redirect = "http://127.0.0.1:8640/auth/callback"

// start runs the provider on a socket of its own and returns its issuer.
func start(t *testing.T, client idp.Client) string {
	t.Helper()
	register, err := people.NewRegister(0)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	provider, err := idp.New(server.URL, client, register)
	if err != nil {
		t.Fatal(err)
	}
	provider.Routes(mux)
	return server.URL
}

// party is a relying party as Kapok is one.
type party struct {
	oauth2.Config
	provider *oidc.Provider
}

func discover(t *testing.T, issuer, secret string) party {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	return party{provider: provider, Config: oauth2.Config{
		ClientID: "kapok", ClientSecret: secret, RedirectURL: redirect,
		Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile"},
	}}
}

// browser keeps cookies and stops at the relying party's door.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

var hiddenID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// choose walks from the authorisation request to the code.
func choose(t *testing.T, issuer, authURL, subject string) url.Values {
	t.Helper()
	b := browser(t)
	page := body(t, must(b.Get(authURL))(t))
	found := hiddenID.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no login form in %q", page)
	}
	res := must(b.PostForm(issuer+"/login", url.Values{"id": {found[1]}, "subject": {subject}}))(t)
	defer res.Body.Close()
	at, err := res.Location()
	if err != nil {
		t.Fatalf("status %d without a way back: %v", res.StatusCode, err)
	}
	return at.Query()
}

func must(res *http.Response, err error) func(*testing.T) *http.Response {
	return func(t *testing.T) *http.Response {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLoginWithCodeAndPKCE(t *testing.T) {
	for _, secret := range []string{"", "a secret of this test"} {
		issuer := start(t, idp.Client{ID: "kapok", Secret: secret, Redirect: redirect})
		kapok := discover(t, issuer, secret)
		verifier := oauth2.GenerateVerifier()
		back := choose(t, issuer, kapok.AuthCodeURL("the state", oidc.Nonce("the nonce"), oauth2.S256ChallengeOption(verifier)), "citizen-01")
		if back.Get("state") != "the state" {
			t.Errorf("state %q", back.Get("state"))
		}
		claims := redeem(t, kapok, back.Get("code"), verifier)
		want := map[string]any{
			"sub": "citizen-01", "name": "测试甲", "nonce": "the nonce", "idcardtype": "10",
			"usertype": "1", "creditable_level_of_account": "L3",
		}
		for name, value := range want {
			if claims[name] != value {
				t.Errorf("claim %s = %v, want %v", name, claims[name], value)
			}
		}
		if number, _ := claims["idcardnumber"].(string); len(number) != 18 || number[:6] != "440106" {
			t.Errorf("idcardnumber = %v", claims["idcardnumber"])
		}
		if _, err := kapok.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(verifier)); err == nil {
			t.Error("a code served twice")
		}
	}
}

func redeem(t *testing.T, kapok party, code, verifier string) map[string]any {
	t.Helper()
	token, err := kapok.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		t.Fatal("no ID token")
	}
	verified, err := kapok.provider.Verifier(&oidc.Config{ClientID: "kapok"}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := verified.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	info, err := kapok.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil || info.Subject != verified.Subject {
		t.Errorf("userinfo says %v, %v", info, err)
	}
	return claims
}

func TestStaffHaveNoIdentityNumber(t *testing.T) {
	issuer := start(t, idp.Client{ID: "kapok", Redirect: redirect})
	kapok := discover(t, issuer, "")
	for _, subject := range []string{"staff-bureau-01", "staff-approver-01", "staff-auditor-01", "staff-counter-01"} {
		verifier := oauth2.GenerateVerifier()
		back := choose(t, issuer, kapok.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)), subject)
		claims := redeem(t, kapok, back.Get("code"), verifier)
		if claims["sub"] != subject || claims["idcardnumber"] != nil {
			t.Errorf("%s: %v", subject, claims)
		}
	}
}

func TestWrongVerifierEndsTheCode(t *testing.T) {
	issuer := start(t, idp.Client{ID: "kapok", Redirect: redirect})
	kapok := discover(t, issuer, "")
	verifier := oauth2.GenerateVerifier()
	code := choose(t, issuer, kapok.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)), "citizen-02").Get("code")
	for _, given := range []string{oauth2.GenerateVerifier(), verifier} {
		if _, err := kapok.Exchange(t.Context(), code, oauth2.VerifierOption(given)); err == nil {
			t.Error("the code was exchanged")
		}
	}
}

func TestWrongSecretIsRefused(t *testing.T) {
	issuer := start(t, idp.Client{ID: "kapok", Secret: "the right one", Redirect: redirect})
	kapok := discover(t, issuer, "the wrong one")
	verifier := oauth2.GenerateVerifier()
	code := choose(t, issuer, kapok.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)), "citizen-02").Get("code")
	if _, err := kapok.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil {
		t.Error("a wrong secret served")
	}
}

func TestRequestsRefused(t *testing.T) {
	issuer := start(t, idp.Client{ID: "kapok", Redirect: redirect})
	kapok := discover(t, issuer, "")
	challenge := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	elsewhere, stranger := kapok, kapok
	elsewhere.RedirectURL = "http://127.0.0.1:9999/auth/callback"
	stranger.ClientID = "another"
	cases := map[string]string{
		"no PKCE":          kapok.AuthCodeURL("s"),
		"plain PKCE":       kapok.AuthCodeURL("s", oauth2.SetAuthURLParam("code_challenge", "x"), oauth2.SetAuthURLParam("code_challenge_method", "plain")),
		"another redirect": elsewhere.AuthCodeURL("s", challenge),
		"another client":   stranger.AuthCodeURL("s", challenge),
		"implicit flow":    kapok.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("response_type", "id_token")),
	}
	for name, address := range cases {
		res := must(browser(t).Get(address))(t)
		if page := body(t, res); hiddenID.MatchString(page) {
			t.Errorf("%s: the login page came", name)
		}
	}
}

func TestLoginPageLoadsNothingFromElsewhere(t *testing.T) {
	issuer := start(t, idp.Client{ID: "kapok", Redirect: redirect})
	kapok := discover(t, issuer, "")
	res := must(browser(t).Get(kapok.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))))(t)
	if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	page := body(t, res)
	if strings.Contains(page, "//") || strings.Contains(page, "<script") {
		t.Error("the page names another host or runs a script")
	}
	if count := strings.Count(page, "<button"); count != people.Named+15 {
		t.Errorf("%d people on the page", count)
	}
	if strings.Contains(page, "440106") {
		t.Error("the page shows identity numbers")
	}
}

func TestUnknownSignIns(t *testing.T) {
	issuer := start(t, idp.Client{ID: "kapok", Redirect: redirect})
	for _, form := range []url.Values{{}, {"id": {"x"}, "subject": {"citizen-01"}}, {"id": {"x"}, "subject": {"nobody"}}} {
		res := must(browser(t).PostForm(issuer+"/login", form))(t)
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: status %d", form, res.StatusCode)
		}
	}
}
