package bench

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

// contender is one of the things that are measured.
type contender struct {
	key    string // a, b, c
	title  string
	start  func(ctx context.Context, s *stage, round int) (*running, error)
	arm    func(ctx context.Context, s *stage, r *running, count int) (*magazine, error)
	verify bool // check some of its answers to the last signature afterwards
}

// running is a contender's process, ready to be called.
type running struct {
	process *child
	base    string // its address
	profile string // file that its CPU profile is written to; empty: none

	keys *proxyKeys // of b
}

func contenders() []contender {
	return []contender{
		{key: "a", title: "bare Gin reverse proxy", start: startBare, arm: armBare},
		{key: "b", title: "a + 2 SM2 verifications, 1 signature", start: startVerifying, arm: armVerifying},
		{key: "c", title: "Kapok", start: startNode, arm: armNode, verify: true},
	}
}

func startBare(ctx context.Context, s *stage, _ int) (*running, error) {
	return s.startProxy(ctx, nil)
}

// armBare writes a request about each citizen; the proxy may be sent it again.
func armBare(ctx context.Context, s *stage, r *running, _ int) (*magazine, error) {
	asked, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	shots := make([]shot, len(s.people.citizens))
	for number := range shots {
		body := asked.of(s.people.citizens[s.people.at(number)].identity)
		shots[number] = shot{request: renderPost(r.base, asked.path, asked.header, body), status: http.StatusOK}
	}
	return &magazine{shots: shots, cycles: true}, nil
}

// proxyKeys are the keys of one proxy b and its callers.
type proxyKeys struct {
	issuer, signer *sm.PrivateKey
}

const proxyAudience = "kapok-bench"

func startVerifying(ctx context.Context, s *stage, _ int) (*running, error) {
	issuer, err := sm.GenerateKey()
	if err != nil {
		return nil, err
	}
	signer, err := sm.GenerateKey()
	if err != nil {
		return nil, err
	}
	systems := make(map[string]jose.JWK, len(s.people.systems))
	for _, one := range s.people.systems {
		systems[one.keyID] = jose.NewJWK(one.keyID, one.key.Public())
	}
	r, err := s.startProxy(ctx, &Verifies{
		Issuer: jose.NewJWK("issuer", issuer.Public()), Audience: proxyAudience, Systems: systems, Signer: signer.Bytes(),
	})
	if err != nil {
		return nil, err
	}
	r.keys = &proxyKeys{issuer: issuer, signer: signer}
	return r, nil
}

// armVerifying signs count requests, each with its own nonce.
func armVerifying(ctx context.Context, s *stage, r *running, count int) (*magazine, error) {
	asked, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	tokens := make([]string, len(s.people.systems))
	for i, one := range s.people.systems {
		if tokens[i], err = r.keys.token(ctx, one); err != nil {
			return nil, err
		}
	}
	return signedRequests(ctx, s.people.systems, count, func(number int) (unsigned, error) {
		index := s.people.at(number)
		return unsigned{
			base: r.base, path: asked.path, header: asked.header,
			body:   asked.of(s.people.citizens[index].identity),
			system: s.people.systemOf(index), token: tokens[s.people.systemOf(index)], status: http.StatusOK,
		}, nil
	})
}

// token is an access token as Kapok's are, without the certificate in its header.
func (k *proxyKeys) token(ctx context.Context, s system) (string, error) {
	now := time.Now()
	claims := boundClaims{RegisteredClaims: jwt.RegisteredClaims{
		Issuer: "bench", Subject: s.id, Audience: jwt.ClaimStrings{proxyAudience},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)), ID: s.keyID,
	}}
	claims.Confirmation.Thumbprint = s.keyID
	return jose.Sign(ctx, claims, map[string]any{"kid": "issuer", "typ": "at+jwt"}, k.issuer)
}

// startProxy starts this program again as a proxy to the source.
func (s *stage) startProxy(ctx context.Context, verifies *Verifies) (*running, error) {
	config, err := json.Marshal(ProxyConfig{Target: s.source.base, Listen: "127.0.0.1:0", Verifies: verifies})
	if err != nil {
		return nil, err
	}
	process, err := start("the proxy", s.o.Kapok, []string{"bench", "proxy"}, config)
	if err != nil {
		return nil, err
	}
	base, err := process.firstLine(ctx, 10*time.Second)
	if err != nil {
		return nil, err
	}
	return &running{process: process, base: base}, nil
}
