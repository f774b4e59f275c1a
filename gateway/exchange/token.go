package exchange

import (
	"context"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

const (
	grantType     = "client_credentials"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	// maxAssertionLife bounds how long a client assertion may live, and with it how
	// long its jti has to be remembered.
	maxAssertionLife = 5 * time.Minute
)

// TokenRequest is the form of POST /oauth2/token: RFC 6749 §4.4 with RFC 7523 §2.2.
type TokenRequest struct {
	GrantType           string
	ClientAssertionType string
	ClientAssertion     string
	TraceID             string
}

// TokenResponse is what RFC 6749 §5.1 answers.
type TokenResponse struct {
	AccessToken string
	TokenType   string
	ExpiresIn   int // seconds
}

// Issue admits a department's system: it proves itself by an assertion signed with
// its SM2 key, and gets a token for [TokenLifetime]. The assertion is used up in the
// ledger's own transaction, so that it works once on all nodes.
func (s *Service) Issue(ctx context.Context, request TokenRequest) (TokenResponse, error) {
	key, claims, err := s.assertion(ctx, request)
	if err != nil {
		return TokenResponse{}, s.refuseToken(ctx, request, err)
	}
	if err := s.recordToken(ctx, request, key, claims); err != nil {
		return TokenResponse{}, err
	}
	token, err := s.mintAccess(ctx, key)
	if err != nil {
		return TokenResponse{}, err
	}
	return TokenResponse{AccessToken: token, TokenType: "Bearer", ExpiresIn: int(TokenLifetime.Seconds())}, nil
}

func (s *Service) assertion(ctx context.Context, request TokenRequest) (SystemKey, jwt.RegisteredClaims, error) {
	if request.GrantType != grantType {
		return SystemKey{}, jwt.RegisteredClaims{}, formInvalid("grant_type", "grant_type has to be client_credentials")
	}
	if request.ClientAssertionType != assertionType {
		return SystemKey{}, jwt.RegisteredClaims{}, formInvalid("client_assertion_type", "client_assertion_type has to be "+assertionType)
	}
	var key SystemKey
	var claims jwt.RegisteredClaims
	_, err := jose.Parse(request.ClientAssertion, &claims, s.verifier, "client-assertion",
		func(kid string) (*sm.PublicKey, error) {
			found, err := s.systemKey(ctx, kid)
			key = found
			return found.Public, err
		},
		jwt.WithAudience(s.publicURL+"/oauth2/token"), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now))
	if err != nil {
		return SystemKey{}, claims, assertionFailure(err)
	}
	return key, claims, s.checkAssertion(key, claims)
}

func (s *Service) checkAssertion(key SystemKey, claims jwt.RegisteredClaims) error {
	if claims.Issuer != key.System || claims.Subject != key.System {
		return gateway.Fail(gateway.Unauthenticated, "assertion-invalid", "iss and sub have to be the id of the system that owns the key.")
	}
	if claims.ExpiresAt.Sub(s.now()) > maxAssertionLife {
		return gateway.Fail(gateway.Unauthenticated, "assertion-invalid", "exp is to be at most 5 minutes away.")
	}
	if !onceOnly.MatchString(claims.ID) {
		return gateway.Fail(gateway.Unauthenticated, "assertion-invalid", "jti is to have 16 to 128 printable ASCII characters.")
	}
	return nil
}

// assertionFailure keeps our own answers and calls the token's failures by what the
// caller sent: a client assertion.
func assertionFailure(err error) error {
	known := gateway.AsError(err)
	if code, ok := strings.CutPrefix(known.Code, "token-"); ok {
		renamed := *known
		renamed.Code = "assertion-" + code
		return &renamed
	}
	return known
}

// recordToken uses up the assertion and records that a token was issued, in one.
func (s *Service) recordToken(ctx context.Context, request TokenRequest, key SystemKey, claims jwt.RegisteredClaims) error {
	ref := gateway.NewRef()
	sealed, err := s.ledger.Append(ctx, ledger.Append{
		Stops: []ledger.Stop{{Kind: "key", ID: key.KeyID}, {Kind: "system", ID: key.System}},
		Claims: []ledger.Claim{{
			Space: "assertion", Owner: key.System, Key: claims.ID, Ref: ref,
			Expires: claims.ExpiresAt.Add(maxSkew),
		}},
		Entry: func(found ledger.Found) ledger.Entry {
			return s.tokenEntry(ref, request.TraceID, key, tokenStopped(found))
		},
	})
	if err != nil {
		return err
	}
	if refusal := tokenStopped(sealed.Found); refusal != nil {
		return refusal
	}
	return nil
}

func tokenStopped(found ledger.Found) *gateway.Error {
	if len(found.Stopped) > 0 {
		return unknownKey()
	}
	if len(found.Taken) > 0 {
		return gateway.Fail(gateway.Unauthenticated, "assertion-replayed", "This client assertion was used before; sign a new one.")
	}
	return nil
}

func (s *Service) tokenEntry(ref, trace string, key SystemKey, refusal *gateway.Error) ledger.Entry {
	entry := ledger.Entry{Kind: tokenKind, Ref: ref, At: s.now(), Fields: []ledger.Field{
		{Name: "system", Value: key.System},
		{Name: "department", Value: s.live.Load().departmentOf(key.System)},
		{Name: "key", Value: key.KeyID},
		{Name: "trace", Value: trace},
	}}
	if refusal != nil {
		entry.Kind = refusalKind
		entry.Fields = append(entry.Fields, ledger.Field{Name: "code", Value: refusal.Code})
	}
	return entry
}

func (s *Service) refuseToken(ctx context.Context, request TokenRequest, cause error) error {
	s.recordUnadmitted(ctx, request.TraceID, "token", cause)
	return cause
}

func formInvalid(field, rule string) *gateway.Error {
	failure := invalidField(field, rule)
	failure.Code = "token-request-invalid"
	return failure
}
