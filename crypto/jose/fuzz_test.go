package jose_test

import (
	"encoding/json"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// Only the one token that was signed parses: none with a byte changed, put in or
// taken out.
func FuzzParse(f *testing.F) {
	key, err := sm.ParsePrivateKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		f.Fatal(err)
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{Burst: 1e6, TotalBurst: 1e6})
	f.Add(compact(f, key, `{"alg":"SGD_SM3_SM2","kid":"k1"}`, `{"sub":"a"}`), uint16(0), byte(1))
	f.Add("eyJhbGciOiJub25lIn0.e30.", uint16(3), byte('\n'))
	f.Fuzz(func(t *testing.T, strange string, at uint16, with byte) {
		parse := func(token string) error {
			_, err := jose.Parse(token, &jwt.RegisteredClaims{}, verifier, "", keyring("k1", key.Public()))
			if err != nil && gateway.AsError(err).Kind == gateway.Internal {
				t.Fatalf("%q: %v", token, err)
			}
			return err
		}
		_ = parse(strange)
		good := compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"k1"}`, `{"sub":"a"}`)
		i := int(at) % len(good)
		for _, changed := range []string{good[:i] + string([]byte{with}) + good[i+1:], good[:i] + string([]byte{with}) + good[i:], good[:i] + good[i+1:]} {
			if changed != good && parse(changed) == nil {
				t.Fatalf("%q parses, %q was signed", changed, good)
			}
		}
	})
}

// A JWK that is read is written and read again as the same key.
func FuzzJWK(f *testing.F) {
	f.Add([]byte(standardJWK))
	f.Add([]byte(`{"kty":"EC","crv":"sm2p256v1","x":"","y":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var jwk jose.JWK
		if json.Unmarshal(data, &jwk) != nil {
			return
		}
		pub, err := jwk.PublicKey()
		if err != nil {
			return
		}
		again, err := jose.NewJWK(jwk.KeyID, pub).PublicKey()
		if err != nil || !again.Equal(pub) {
			t.Fatalf("%s: %v", data, err)
		}
	})
}
