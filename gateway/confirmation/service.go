package confirmation

import (
	"context"
	"time"

	"kapok/gateway/ledger"
)

// Store keeps confirmations. Decide is one transaction with its entry for the ledger,
// whose pending id it returns; judge may be called again when another was faster.
type Store interface {
	DecideConfirmation(ctx context.Context, id string, judge func(Confirmation) (Confirmation, Event, error)) (c Confirmation, pending string, err error)
	Confirmations(ctx context.Context, f Filter) ([]Confirmation, error)
}

// Filter says which confirmations are listed, newest first. Department "" is any; else
// it is on either side.
type Filter struct {
	Department string
	OpenAt     time.Time // those that wait at this moment; zero: all
	Limit      int
}

// Log seals what was committed.
type Log interface {
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}

// Service is the second officer's desk.
type Service struct {
	Store Store
	Log   Log
	Now   func() time.Time
}

// Decide confirms or refuses. What it returns without an error is durable, in the
// ledger, and holds on the next call on every node.
func (s *Service) Decide(ctx context.Context, o Officer, id string, event Event, reason string) (Confirmation, error) {
	decided, pending, err := s.Store.DecideConfirmation(ctx, id, func(c Confirmation) (Confirmation, Event, error) {
		after, err := c.Decide(o, event, reason, s.Now())
		return after, event, err
	})
	if err != nil {
		return Confirmation{}, err
	}
	_, err = s.Log.Drain(ctx, pending)
	return decided, err
}

// List lists what is shown to an officer.
func (s *Service) List(ctx context.Context, o Officer, open bool, limit int) ([]Confirmation, error) {
	f := Filter{Limit: limit}
	if !o.has("bureau", "auditor") {
		f.Department = o.Department
	}
	if open {
		f.OpenAt = s.Now()
	}
	found, err := s.Store.Confirmations(ctx, f)
	if err != nil {
		return nil, err
	}
	shown := []Confirmation{}
	for _, one := range found {
		if one.Shows(o) {
			shown = append(shown, one)
		}
	}
	return shown, nil
}
