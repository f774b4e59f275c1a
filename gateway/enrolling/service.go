package enrolling

import (
	"context"
	"errors"
	"time"

	"kapok/catalog"
	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// Store keeps requests and keys. What a call changes is one transaction with its entries
// for the ledger. judge is asked about the request as it stands under its lock.
type Store interface {
	SystemKey(ctx context.Context, keyID string) (exchange.SystemKey, error) // exchange.ErrUnknownKey
	SystemKeys(ctx context.Context, system string) ([]exchange.SystemKey, error)
	RevokeKey(ctx context.Context, keyID, actor string, at time.Time) (pending string, err error)
	ProposeKey(ctx context.Context, r Request) (pending string, err error)
	DecideKey(ctx context.Context, id string, judge func(Request) (Request, error)) (r Request, pending string, err error)
	KeyRequests(ctx context.Context, system string) ([]Request, error)
	KeysEnding(ctx context.Context, after, until time.Time) ([]Ending, error) // neither revoked nor ended at after, the next one first
}

// Log seals what was committed.
type Log interface {
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	PublicURL string
	Catalog   func() *catalog.Catalog
	Store     Store
	Log       Log
	Verifier  *sm.Verifier
	Now       func() time.Time
}

// Service proposes, confirms, revokes.
type Service struct{ Config }

// New builds the service.
func New(c Config) *Service { return &Service{c} }

// Wish is what a person proposes.
type Wish struct {
	System      string
	Key         jose.JWK
	Proof       string
	From, Until time.Time
	Replaces    string
	Overlap     time.Duration
}

// own lets officers act for the systems of their own department only.
func (s *Service) own(by Person, system string) error {
	known, there := s.Catalog().System(system)
	if !there || known.Department != by.Department {
		return gateway.Fail(gateway.Forbidden, "not-your-system", "It is no system of the department of the person who is signed in.")
	}
	if !by.officer() {
		return gateway.Fail(gateway.Forbidden, "role-missing", "The person who is signed in does not hold the role that this needs.")
	}
	return nil
}

// Keys lists a system's keys, ended ones too, and the latest requests for keys.
func (s *Service) Keys(ctx context.Context, by Person, system string) ([]exchange.SystemKey, []Request, error) {
	if err := s.own(by, system); err != nil {
		return nil, nil, err
	}
	keys, err := s.Store.SystemKeys(ctx, system)
	if err != nil {
		return nil, nil, err
	}
	requests, err := s.Store.KeyRequests(ctx, system)
	return keys, requests, err
}

// Propose keeps a key until another person of the department confirms it.
func (s *Service) Propose(ctx context.Context, by Person, w Wish) (Request, error) {
	if err := s.own(by, w.System); err != nil {
		return Request{}, err
	}
	public, err := w.Key.PublicKey()
	if err != nil {
		return Request{}, fieldOf(err, "/key")
	}
	now := s.Now()
	r := Request{
		ID: gateway.NewRef(), System: w.System, Public: public, From: w.From, Until: w.Until, Replaces: w.Replaces, Overlap: w.Overlap,
		ProposedBy: by, ProposedAt: now, State: Proposed,
	}
	if err := r.check(now); err != nil {
		return Request{}, err
	}
	if err := s.fits(ctx, r); err != nil {
		return Request{}, err
	}
	if err := s.prove(w.System, public, w.Proof); err != nil {
		return Request{}, err
	}
	pending, err := s.Store.ProposeKey(ctx, r)
	if err != nil {
		return Request{}, err
	}
	return r, s.seal(ctx, pending)
}

// fits holds a request against the keys that are enrolled.
func (s *Service) fits(ctx context.Context, r Request) error {
	_, err := s.Store.SystemKey(ctx, r.KeyID())
	if err == nil {
		return fieldOf(gateway.Fail(gateway.Conflict, "key-taken", "This key is enrolled already, for this system or another, or it was revoked; make a new one."), "/key")
	}
	if !errors.Is(err, exchange.ErrUnknownKey) {
		return err
	}
	if r.Replaces == "" {
		return nil
	}
	keys, err := s.Store.SystemKeys(ctx, r.System)
	if err == nil && !replaceable(keys, r.Replaces, s.Now()) {
		return wrong("/replaces", "It is a key of the same system that has not ended.")
	}
	return err
}

// Decide confirms, rejects or withdraws a request. Confirmed, the key is the system's, and
// the one that it replaces ends with the overlap.
func (s *Service) Decide(ctx context.Context, by Person, id string, to State) (Request, error) {
	r, pending, err := s.Store.DecideKey(ctx, id, func(r Request) (Request, error) {
		if err := s.own(by, r.System); err != nil {
			return r, err
		}
		r.DecidedBy, r.DecidedAt = by, s.Now()
		if err := r.judge(by, to, r.DecidedAt); err != nil {
			return r, err
		}
		r.State = to
		return r, nil
	})
	if err != nil {
		return Request{}, err
	}
	return r, s.seal(ctx, pending)
}

// Revoke ends a key at once, on every node.
func (s *Service) Revoke(ctx context.Context, by Person, keyID string) error {
	key, err := s.Store.SystemKey(ctx, keyID)
	if errors.Is(err, exchange.ErrUnknownKey) || err == nil && s.own(by, key.System) != nil {
		return gateway.Fail(gateway.NotFound, "key-not-enrolled", "No system of this department has such a key.")
	}
	if err != nil {
		return err
	}
	pending, err := s.Store.RevokeKey(ctx, keyID, by.Ref, s.Now())
	if err != nil {
		return err
	}
	return s.seal(ctx, pending)
}

func (s *Service) seal(ctx context.Context, pending string) error {
	if pending == "" {
		return nil
	}
	_, err := s.Log.Drain(ctx, pending)
	return err
}

// fieldOf names the field that a failure is about.
func fieldOf(err error, field string) error {
	named := *gateway.AsError(err)
	named.Field = field
	if named.Code == "key-malformed" {
		named.Message = "The key is the JWK of an SM2 public key: kty EC, crv SM2, x and y of 32 bytes each in base64url, a point on the curve."
	}
	return &named
}
