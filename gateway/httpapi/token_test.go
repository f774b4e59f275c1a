package httpapi

import "testing"

func TestTokensAreTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := newToken()
		if len(token) != 43 || seen[token] {
			t.Fatalf("token %q", token)
		}
		seen[token] = true
		if csrfToken(token) == csrfToken(newToken()) || csrfToken(token) == token {
			t.Fatal("CSRF tokens are not bound to the session's")
		}
	}
}

func TestOnlyTokensOfOursHaveAHash(t *testing.T) {
	for _, no := range []string{"", "AAAA", newToken() + "A", newToken()[:42], newToken()[:42] + "=", " " + newToken()[1:]} {
		if _, ok := tokenHash(no); ok {
			t.Errorf("%q was taken", no)
		}
	}
}
