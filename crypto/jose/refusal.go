package jose

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// refusals maps causes to what a caller is told; the first that matches counts.
var refusals = [...]struct {
	cause   error
	kind    gateway.Kind
	code    string
	message string
}{
	{sm.ErrUndecided, gateway.Unavailable, "token-undecided", "The token's signature could not be decided; it was not accepted."},
	{jwt.ErrTokenMalformed, gateway.Unauthenticated, "token-malformed", "The token is not a compact JWS with a kid, in strict base64url and without critical extensions."},
	{jwt.ErrTokenSignatureInvalid, gateway.Unauthenticated, "token-signature-invalid", "The token is not signed by its key with SGD_SM3_SM2."},
	{jwt.ErrTokenUnverifiable, gateway.Unauthenticated, "token-key-unknown", "The token names an algorithm or a key that is not accepted."},
	{jwt.ErrTokenExpired, gateway.Unauthenticated, "token-expired", "The token has expired."},
}

// refuse says err in words for the caller and keeps it as the cause. A refusal
// that the caller's key function made is passed on as it is.
func refuse(err error) error {
	if known, ok := errors.AsType[*gateway.Error](err); ok {
		return known
	}
	for _, r := range refusals {
		if errors.Is(err, r.cause) {
			return gateway.Fail(r.kind, r.code, r.message).Because(err)
		}
	}
	return gateway.Fail(gateway.Unauthenticated, "token-refused", "The token's claims are not acceptable here.").Because(err)
}
