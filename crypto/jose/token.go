package jose

import (
	"context"
	"maps"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/sm"
)

const (
	maxToken = 8 << 10 // bytes of a token decoded before anything is verified
	maxKeyID = 256     // bytes of a kid
)

// Sign returns claims as a compact JWS (RFC 7515 §7.1). header adds to "alg" and
// "typ" ("JWT" unless header says otherwise) and must hold "kid".
func Sign(ctx context.Context, claims jwt.Claims, header map[string]any, signer sm.Signer) (string, error) {
	token := jwt.NewWithClaims(method{}, claims)
	maps.Copy(token.Header, header)
	token.Header["alg"] = Algorithm
	if _, err := checkHeader(token.Header); err != nil {
		return "", err
	}
	return token.SignedString(signing{ctx: ctx, signer: signer})
}

// Parse reads a compact JWS into claims and verifies it: only [Algorithm], with
// the key that key returns for the token's kid, under the rules of opts (issuer,
// audience, time). caller names whose budget pays for a second opinion.
//
// claims is filled before the signature is verified, so it may be used only when
// the error is nil. The error is a *gateway.Error: token-malformed,
// token-key-unknown, token-signature-invalid, token-undecided, token-expired or
// token-refused (other claims).
func Parse(token string, claims jwt.Claims, v *sm.Verifier, caller string, key func(kid string) (*sm.PublicKey, error), opts ...jwt.ParserOption) (*jwt.Token, error) {
	register()
	if len(token) > maxToken || strings.ContainsFunc(token, notCompact) {
		return nil, refuse(jwt.ErrTokenMalformed)
	}
	// Ours come last, so that no option of the caller's loosens them.
	opts = append(opts[:len(opts):len(opts)], jwt.WithValidMethods([]string{Algorithm}), jwt.WithStrictDecoding())
	parsed, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		kid, err := checkHeader(t.Header)
		if err != nil {
			return nil, err
		}
		public, err := key(kid)
		if err != nil {
			return nil, err
		}
		return verifying{verifier: v, caller: caller, public: public}, nil
	}, opts...)
	if err != nil {
		return nil, refuse(err)
	}
	return parsed, nil
}

// notCompact tells what may not stand in a compact JWS. Go's base64 skips line
// ends and takes padding when asked to, so that several strings would be one
// token; only one of them was signed.
func notCompact(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	return !letter && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// checkHeader returns the kid. "crit" names extensions that a reader must obey or
// refuse (RFC 7515 §4.1.11), and "b64" changes what is signed (RFC 7797): this
// package knows neither.
func checkHeader(header map[string]any) (kid string, err error) {
	for _, name := range [...]string{"crit", "b64"} {
		if _, present := header[name]; present {
			return "", jwt.ErrTokenMalformed
		}
	}
	kid, ok := header["kid"].(string)
	if !ok || kid == "" || len(kid) > maxKeyID {
		return "", jwt.ErrTokenMalformed
	}
	return kid, nil
}
