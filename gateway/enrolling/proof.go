package enrolling

import (
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// proofLife is how long a proof of possession may hold.
const proofLife = 15 * time.Minute

// Audience is what a proof of possession is made out to: this door, for this system, so
// that no token made for another purpose is one.
func Audience(publicURL, system string) string {
	return publicURL + "/v1/system-keys?system=" + system
}

// prove checks that whoever proposes a key holds its private half: a JWT (RFC 7519) that
// the key signed, whose iss and sub are the system and aud [Audience], of at most 15 minutes.
func (s *Service) prove(system string, public *sm.PublicKey, proof string) error {
	var claims jwt.RegisteredClaims
	_, err := jose.Parse(proof, &claims, s.Verifier, "key-proof", func(string) (*sm.PublicKey, error) { return public, nil },
		jwt.WithAudience(Audience(s.PublicURL, system)), jwt.WithIssuer(system), jwt.WithSubject(system),
		jwt.WithTimeFunc(s.Now), jwt.WithExpirationRequired())
	if err != nil && gateway.AsError(err).Kind == gateway.Unavailable {
		return err // undecided is not false
	}
	if err == nil && claims.ExpiresAt.Sub(s.Now()) <= proofLife {
		return nil
	}
	failure := gateway.Fail(gateway.Forbidden, "key-proof-invalid",
		"The proof is not a JWT signed by this key, with iss and sub the system, aud this operation for the system, exp at most 15 minutes away.").Because(err)
	failure.Field = "/proof"
	return failure
}
