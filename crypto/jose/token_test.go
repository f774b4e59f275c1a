package jose_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
)

func newKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signToken(t testing.TB, key *sm.PrivateKey, claims jwt.Claims, header map[string]any) string {
	t.Helper()
	token, err := jose.Sign(t.Context(), claims, header, key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// compact signs exactly these header and claim bytes.
func compact(t testing.TB, key *sm.PrivateKey, header, claims string) string {
	t.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	sig, err := key.Sign(t.Context(), []byte(input), sm.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return gateway.AsError(err).Code
}

func keyring(kid string, pub *sm.PublicKey) func(string) (*sm.PublicKey, error) {
	return func(asked string) (*sm.PublicKey, error) {
		if asked != kid {
			return nil, errors.New("no such key")
		}
		return pub, nil
	}
}

func claimsUntil(expires time.Time) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{Issuer: "sys-1", Audience: jwt.ClaimStrings{"kapok"}, ExpiresAt: jwt.NewNumericDate(expires)}
}

func TestSignedTokenParses(t *testing.T) {
	key := newKey(t)
	token := signToken(t, key, claimsUntil(time.Now().Add(time.Minute)), map[string]any{"kid": "k1", "typ": "at+jwt"})
	var claims jwt.RegisteredClaims
	parsed, err := jose.Parse(token, &claims, sm.NewVerifier(sm.VerifierOptions{}), "sys-1", keyring("k1", key.Public()), jwt.WithAudience("kapok"), jwt.WithExpirationRequired())
	if err != nil {
		t.Fatal(err)
	}
	if claims.Issuer != "sys-1" || parsed.Header["alg"] != "SGD_SM3_SM2" || parsed.Header["typ"] != "at+jwt" || !parsed.Valid {
		t.Fatalf("claims %+v, header %v", claims, parsed.Header)
	}
}

func TestSignNeedsKeyID(t *testing.T) {
	if _, err := jose.Sign(t.Context(), jwt.MapClaims{}, nil, newKey(t)); !errors.Is(err, jwt.ErrTokenMalformed) {
		t.Fatalf("got %v", err)
	}
}

func TestSignKeepsAlgorithm(t *testing.T) {
	key := newKey(t)
	token := signToken(t, key, claimsUntil(time.Now().Add(time.Minute)), map[string]any{"kid": "k1", "alg": "none"})
	if _, err := jose.Parse(token, &jwt.RegisteredClaims{}, sm.NewVerifier(sm.VerifierOptions{}), "", keyring("k1", key.Public())); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedTokens(t *testing.T) {
	key, other := newKey(t), newKey(t)
	good := compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"k1"}`, `{"iss":"sys-1"}`)
	parts := strings.Split(good, ".")
	hs256, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{}).SignedString(key.Public().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	der, err := key.Sign(t.Context(), []byte(parts[0]+"."+parts[1]), sm.DER)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, token, code string }{
		{"empty", "", "token-malformed"},
		{"two parts", parts[0] + "." + parts[1], "token-malformed"},
		{"four parts", good + ".", "token-malformed"},
		{"padding", good + "==", "token-malformed"},
		{"line end in signature", good[:len(good)-4] + "\n" + good[len(good)-4:], "token-malformed"},
		{"trailing bits", good[:len(good)-1] + nextLetter(good[len(good)-1]), "token-malformed"},
		{"standard base64", strings.Replace(good, ".", ".+", 1), "token-malformed"},
		{"too long", strings.Repeat("A", 8<<10) + "." + good, "token-malformed"},
		{"none", none, "token-signature-invalid"},
		{"none, capitalised", compact(t, key, `{"alg":"None","kid":"k1"}`, `{}`), "token-key-unknown"},
		{"hmac with the public key", hs256, "token-signature-invalid"},
		{"ecdsa named", compact(t, key, `{"alg":"ES256","kid":"k1"}`, `{}`), "token-signature-invalid"},
		{"alg absent", compact(t, key, `{"kid":"k1"}`, `{}`), "token-key-unknown"},
		{"alg a number", compact(t, key, `{"alg":1,"kid":"k1"}`, `{}`), "token-key-unknown"},
		{"kid absent", compact(t, key, `{"alg":"SGD_SM3_SM2"}`, `{}`), "token-malformed"},
		{"kid a number", compact(t, key, `{"alg":"SGD_SM3_SM2","kid":1}`, `{}`), "token-malformed"},
		{"kid too long", compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"`+strings.Repeat("k", 257)+`"}`, `{}`), "token-malformed"},
		{"kid unknown", compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"k2"}`, `{}`), "token-key-unknown"},
		{"own key in header", compact(t, other, `{"alg":"SGD_SM3_SM2","kid":"k1","jwk":`+jwkOf(t, other)+`}`, `{}`), "token-signature-invalid"},
		{"crit", compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"k1","crit":["exp"]}`, `{}`), "token-malformed"},
		{"b64", compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"k1","b64":false}`, `{}`), "token-malformed"},
		{"header an array", compact(t, key, `[]`, `{}`), "token-malformed"},
		{"claims an array", compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"k1"}`, `[]`), "token-malformed"},
		{"signed by another", compact(t, other, `{"alg":"SGD_SM3_SM2","kid":"k1"}`, `{}`), "token-signature-invalid"},
		{"DER signature", parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(der), "token-signature-invalid"},
		{"no signature", parts[0] + "." + parts[1] + ".", "token-signature-invalid"},
		{"expired", compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"k1"}`, `{"exp":1}`), "token-expired"},
		{"not yet", compact(t, key, `{"alg":"SGD_SM3_SM2","kid":"k1"}`, `{"nbf":99999999999}`), "token-refused"},
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{Burst: 100})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			parsed, err := jose.Parse(test.token, &jwt.RegisteredClaims{}, verifier, test.name, keyring("k1", key.Public()), jwt.WithPaddingAllowed())
			if code(err) != test.code || parsed != nil {
				t.Fatalf("token %v, error %v, want %s", parsed, err, test.code)
			}
		})
	}
}

func nextLetter(last byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, last)+1])
}

func jwkOf(t testing.TB, key *sm.PrivateKey) string {
	t.Helper()
	text, err := json.Marshal(jose.NewJWK("k1", key.Public()))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRefusalOfKeyFunctionIsPassedOn(t *testing.T) {
	key := newKey(t)
	token := signToken(t, key, jwt.MapClaims{}, map[string]any{"kid": "k1"})
	revoked := gateway.Fail(gateway.Forbidden, "key-revoked", "The key is revoked.")
	_, err := jose.Parse(token, &jwt.RegisteredClaims{}, sm.NewVerifier(sm.VerifierOptions{}), "", func(string) (*sm.PublicKey, error) { return nil, revoked })
	if !errors.Is(err, revoked) || code(err) != "key-revoked" {
		t.Fatalf("got %v", err)
	}
}

// Past its budget a caller is told "undecided", never "not signed by its key".
func TestUndecidedIsNotInvalid(t *testing.T) {
	key, other := newKey(t), newKey(t)
	verifier := sm.NewVerifier(sm.VerifierOptions{Burst: 1, SecondOpinionsPerSecond: 0.001})
	token := signToken(t, other, jwt.MapClaims{}, map[string]any{"kid": "k1"})
	for _, want := range []string{"token-signature-invalid", "token-undecided"} {
		_, err := jose.Parse(token, &jwt.RegisteredClaims{}, verifier, "a", keyring("k1", key.Public()))
		if code(err) != want {
			t.Fatalf("got %v, want %s", err, want)
		}
	}
}
