package exchange

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
	"kapok/crypto/keys"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// TokenLifetime is how long an access token lives. It proves the calling system
// only; what may be done is decided anew on every call.
const TokenLifetime = 60 * time.Second

const accessAudience = "kapok-exchange"

// accessClaims are what an access token says (RFC 9068, with the key binding of
// RFC 7800).
type accessClaims struct {
	jwt.RegisteredClaims
	Confirmation boundTo `json:"cnf"`
}

type boundTo struct {
	Thumbprint string `json:"jkt"`
}

// mintAccess signs a token for a system, bound to the key it proved.
func (s *Service) mintAccess(ctx context.Context, key SystemKey) (string, error) {
	signing := s.signing()
	now := s.now()
	claims := accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: s.publicURL, Subject: key.System, Audience: jwt.ClaimStrings{accessAudience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(TokenLifetime)), ID: gateway.NewRef(),
		},
		Confirmation: boundTo{Thumbprint: key.KeyID},
	}
	return jose.Sign(ctx, claims, tokenHeader(signing), signing.Signer)
}

// tokenHeader carries the certificate of the operational key, so that every node
// can verify what any node issued, knowing only the root.
func tokenHeader(signing keys.Signing) map[string]any {
	return map[string]any{
		"typ": "at+jwt",
		"kid": jose.NewJWK("", signing.Signer.Public()).Thumbprint(),
		"x5c": [][]byte{signing.Certificate},
	}
}

// accessToken verifies the token of an Authorization header.
func (s *Service) accessToken(header string) (accessClaims, error) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return accessClaims{}, gateway.Fail(gateway.Unauthenticated, "token-missing", "The request needs an access token: Authorization: Bearer ….")
	}
	issuer, err := s.issuers.key(token, s.now())
	if err != nil {
		return accessClaims{}, tokenInvalid(err)
	}
	var claims accessClaims
	_, err = jose.Parse(token, &claims, s.verifier, "access-token",
		func(string) (*sm.PublicKey, error) { return issuer, nil },
		jwt.WithAudience(accessAudience), jwt.WithIssuer(s.publicURL), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithTimeFunc(s.now))
	return claims, err
}

func tokenInvalid(cause error) *gateway.Error {
	return gateway.Fail(gateway.Unauthenticated, "token-refused", "The access token was not issued by this gateway.").Because(cause)
}

// issuers knows the operational keys whose certificates were found good. A token's
// header is the same for all tokens of one key, so the header itself is the look-up;
// what is remembered is that a certificate chains to a root, never a token.
type issuers struct {
	roots    []*pki.Certificate
	verifier *sm.Verifier

	mu    sync.Mutex
	known map[string]issuer // by the token's header segment
}

type issuer struct {
	key   *sm.PublicKey
	until time.Time
}

const (
	maxIssuers      = 256  // nodes times the operational keys alive at once
	maxTokenSegment = 4096 // bytes of a token's header
)

func newIssuers(roots [][]byte, verifier *sm.Verifier) (*issuers, error) {
	i := &issuers{verifier: verifier, known: map[string]issuer{}}
	for _, der := range roots {
		root, err := pki.Parse(der)
		if err != nil {
			return nil, fmt.Errorf("root certificate: %w", err)
		}
		i.roots = append(i.roots, root)
	}
	return i, nil
}

func (i *issuers) key(token string, now time.Time) (*sm.PublicKey, error) {
	header, _, _ := strings.Cut(token, ".")
	if len(header) > maxTokenSegment {
		return nil, errors.New("token header too long")
	}
	i.mu.Lock()
	found, ok := i.known[header]
	i.mu.Unlock()
	if ok && now.Before(found.until) {
		return found.key, nil
	}
	found, err := i.check(header, now)
	if err != nil {
		return nil, err
	}
	i.remember(header, found)
	return found.key, nil
}

func (i *issuers) check(header string, now time.Time) (issuer, error) {
	chain, kid, err := headerCertificate(header)
	if err != nil {
		return issuer{}, err
	}
	public, err := pki.VerifyOperational(i.verifier, "access-token", chain, i.roots, now)
	if err != nil {
		return issuer{}, err
	}
	if kid != jose.NewJWK("", public).Thumbprint() {
		return issuer{}, errors.New("kid is not the thumbprint of the certificate's key")
	}
	leaf, err := pki.Parse(chain[0])
	if err != nil {
		return issuer{}, err
	}
	return issuer{key: public, until: leaf.NotAfter}, nil
}

func (i *issuers) remember(header string, found issuer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.known) >= maxIssuers {
		clear(i.known)
	}
	i.known[strings.Clone(header)] = found
}

// headerCertificate reads the chain of a token's header, which is the leaf alone.
func headerCertificate(segment string) (chain [][]byte, kid string, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return nil, "", err
	}
	var header struct {
		KeyID string   `json:"kid"`
		Chain [][]byte `json:"x5c"`
	}
	if err := json.Unmarshal(raw, &header); err != nil {
		return nil, "", err
	}
	if len(header.Chain) != 1 {
		return nil, "", errors.New("token header holds no single certificate")
	}
	return header.Chain, header.KeyID, nil
}
