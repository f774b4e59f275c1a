package jose_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

func BenchmarkSign(b *testing.B) {
	key := newKey(b)
	claims := claimsUntil(time.Now().Add(time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		signToken(b, key, claims, map[string]any{"kid": "k1"})
	}
}

// BenchmarkParse is a whole token; BenchmarkVerifyAlone the SM2 in it.
func BenchmarkParse(b *testing.B) {
	key := newKey(b)
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	token := signToken(b, key, claimsUntil(time.Now().Add(time.Hour)), map[string]any{"kid": "k1"})
	keys := keyring("k1", key.Public())
	b.ReportAllocs()
	for b.Loop() {
		var claims jwt.RegisteredClaims
		if _, err := jose.Parse(token, &claims, verifier, "", keys, jwt.WithExpirationRequired()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyAlone(b *testing.B) {
	key := newKey(b)
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	token := make([]byte, 250)
	sig, err := key.Sign(b.Context(), token, sm.Raw)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := verifier.Verify("", key.Public(), token, sig, sm.Raw); err != nil {
			b.Fatal(err)
		}
	}
}
