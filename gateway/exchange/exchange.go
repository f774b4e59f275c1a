package exchange

import (
	"context"
	"time"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/confirmation"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// use is one use of data on its way along the path; each step fills in its part.
type use struct {
	ref  string // random; links the intent with its outcome
	call Call
	live *snapshot // what was in force when it began, or when it was last decided

	editions []ledger.Edition // under which it was decided; nil: it was not

	order    *Order    // for which Kapok itself makes this use; nil: the call asks for it
	orderKey string    // which of the order's uses
	caller   Caller    // admit
	from     *peerFrom // for whom another Kapok asks; nil: none does
	ask      Ask
	subject  gateway.Identity

	item     *catalog.Item // resolve
	source   Source
	resolved Resolved

	grant    *policies.Grant // decide; nil: nothing was granted
	input    *policies.Input // what the decision rested on; nil: none was made
	decision policies.Decision
	relearnt bool // the grant was found stopped, and the store was asked for another

	caseState CaseState // check case
	reserved  bool      // a use of the basis is taken, and nothing was released yet

	confirmed confirmation.Confirmation // confirm: a second officer's word; the zero one was not needed

	charged  string   // charge: the grant whose rate and quota were taken
	tested   bool     // the book knows the tests
	searched []string // fields whose value they look for

	retryOf string // record intent: the first use with this idempotency key
	started time.Time

	answer   connectors.Answer // fetch
	answered bool              // the outcome is being recorded
	record   connectors.Record // check source

	data []byte // minimise: the member "data" of the response
	salt string // of the commitment to data

	signing keys.Signing // record outcome: in force just before
	outcome ledger.Sealed
}

// Exchange walks the path for one call. It returns a signed release, or the reason
// why there is none; either way the ledger holds what happened before it returns.
func (s *Service) Exchange(ctx context.Context, call Call) (Release, error) {
	return s.walk(ctx, &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}, s.admitUse)
}

// walk is the path from whatever door; admit proves who came through it and reads what
// they ask for.
func (s *Service) walk(ctx context.Context, u *use, admit func(context.Context, *use) error) (Release, error) {
	if err := admit(ctx, u); err != nil {
		return Release{System: u.caller.System}, s.refuse(ctx, u, err)
	}
	return s.follow(ctx, u, s.sign)
}

// follow is the path of a use that was admitted; leave makes what leaves.
func (s *Service) follow(ctx context.Context, u *use, leave func(context.Context, *use) (Release, error)) (Release, error) {
	defer s.returnUse(ctx, u)
	if err := s.again(ctx, u, s.enter); err != nil {
		return Release{System: u.caller.System}, err
	}
	// The intent stands: whatever happens from here on gets its outcome, also when the
	// caller has hung up, and when a step panics.
	ended := false
	defer func() {
		if !ended {
			s.closeLater(u, "internal")
		}
	}()
	release, err := s.fulfil(ctx, u, leave)
	ended = true
	return release, err
}

// enter decides a use and records the intent, or why there is none.
func (s *Service) enter(ctx context.Context, u *use) error {
	for _, step := range []func(context.Context, *use) error{
		s.resolve,
		s.decide,
		s.checkCase,
		s.confirm,
		s.charge,
		s.reserveUse,
	} {
		if err := step(ctx, u); err != nil {
			return s.refuse(ctx, u, err)
		}
	}
	return s.recordIntent(ctx, u)
}

// fulfil is the path after its intent.
func (s *Service) fulfil(ctx context.Context, u *use, leave func(context.Context, *use) (Release, error)) (Release, error) {
	for _, step := range []func(context.Context, *use) error{
		s.fetch,
		s.checkSource,
		s.minimise,
	} {
		if err := step(ctx, u); err != nil {
			return Release{System: u.caller.System}, s.recordFailure(ctx, u, err)
		}
	}
	if err := s.again(ctx, u, s.conclude); err != nil {
		return Release{System: u.caller.System}, err
	}
	return leave(ctx, u)
}

// admitUse proves the caller, then reads what it asks for. A caller who is admitted
// and sends nonsense is refused by name.
func (s *Service) admitUse(ctx context.Context, u *use) error {
	caller, err := s.admit(ctx, u.call)
	if err != nil {
		return err
	}
	u.caller = caller
	u.ask, u.subject, err = parseAsk(u.call.Body)
	return err
}
