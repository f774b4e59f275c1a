package idp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var (
	errNotFound = errors.New("unknown, used or too old")
	errNotHere  = errors.New("the sandbox's identity provider does not do that")
)

// store is what the protocol's library asks for. All of it is in memory.
type store struct {
	client   Client
	accounts accounts
	key      signingKey

	mu       sync.Mutex
	requests map[string]request   // by id
	codes    map[string]string    // code to id
	tokens   map[string]time.Time // id of an access token to its end
}

func newStore(client Client, known accounts) (*store, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return &store{
		client:   client,
		accounts: known,
		key:      signingKey{id: rand.Text(), private: private},
		requests: map[string]request{},
		codes:    map[string]string{},
		tokens:   map[string]time.Time{},
	}, nil
}

// CreateAuthRequest begins a sign-in. PKCE with S256 is demanded of every client.
func (s *store) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if asked.CodeChallenge == "" || asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 is required")
	}
	begun := newRequest(asked)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(begun.begun)
	s.requests[begun.id] = begun
	return begun, nil
}

// sweep forgets what nobody will come back for.
func (s *store) sweep(now time.Time) {
	for id, r := range s.requests {
		if now.Sub(r.begun) > loginLife {
			delete(s.requests, id)
		}
	}
	for code, id := range s.codes {
		if _, known := s.requests[id]; !known {
			delete(s.codes, code)
		}
	}
	for id, end := range s.tokens {
		if now.After(end) {
			delete(s.tokens, id)
		}
	}
}

// signIn notes who the person is.
func (s *store) signIn(id, subject string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, known := s.requests[id]
	if !known || r.Done() {
		return errNotFound
	}
	r.subject, r.at = subject, time.Now()
	s.requests[id] = r
	return nil
}

// AuthRequestByID finds a sign-in under way.
func (s *store) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live(id)
}

func (s *store) live(id string) (op.AuthRequest, error) {
	r, known := s.requests[id]
	if !known || time.Since(r.begun) > loginLife {
		return nil, errNotFound
	}
	return r, nil
}

// AuthRequestByCode finds a sign-in by its code, once: a code is used up by
// being asked for, whether the rest then fits or not.
func (s *store) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, known := s.codes[code]
	if !known {
		return nil, errNotFound
	}
	delete(s.codes, code)
	return s.live(id)
}

// SaveAuthCode keeps the code of a finished sign-in.
func (s *store) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// DeleteAuthRequest forgets a sign-in once its code is exchanged.
func (s *store) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

// CreateAccessToken hands out a token, good for the userinfo endpoint.
func (s *store) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	id, end := rand.Text(), time.Now().Add(tokenLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[id] = end
	return id, end, nil
}

// GetClientByClientID knows one client.
func (s *store) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != s.client.ID {
		return nil, errNotFound
	}
	return registered{s.client}, nil
}

// AuthorizeClientIDSecret compares the client's secret; a public client has none to show.
func (s *store) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if s.client.Secret == "" || id != s.client.ID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.client.Secret)) != 1 {
		return errNotFound
	}
	return nil
}

// SetUserinfoFromScopes does nothing: [store.SetUserinfoFromRequest] does it.
func (s *store) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromRequest fills the ID token.
func (s *store) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	return s.describe(info, r.GetSubject())
}

// SetUserinfoFromToken fills the answer of the userinfo endpoint.
func (s *store) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, tokenID, subject, _ string) error {
	s.mu.Lock()
	end, known := s.tokens[tokenID]
	s.mu.Unlock()
	if !known || time.Now().After(end) {
		return errNotFound
	}
	return s.describe(info, subject)
}

func (s *store) describe(info *oidc.UserInfo, subject string) error {
	who, known := s.accounts.find(subject)
	if !known {
		return errNotFound
	}
	info.Subject = who.Subject
	for name, value := range who.claims() {
		info.AppendClaims(name, value)
	}
	return nil
}

// RevokeToken ends an access token.
func (s *store) RevokeToken(_ context.Context, tokenID, _, _ string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, tokenID)
	return nil
}

// SigningKey signs ID tokens.
func (s *store) SigningKey(context.Context) (op.SigningKey, error) { return s.key, nil }

// SignatureAlgorithms are those of the one key.
func (s *store) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet is what relying parties verify with.
func (s *store) KeySet(context.Context) ([]op.Key, error) { return []op.Key{verifyingKey(s.key)}, nil }

// Health is never in doubt: there is nothing to reach.
func (s *store) Health(context.Context) error { return nil }
