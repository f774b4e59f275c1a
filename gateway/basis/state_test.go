package basis_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
)

var allEvents = []basis.Event{
	basis.EventRequested, basis.EventDeferred, basis.EventGranted, basis.EventRefused, basis.EventLapsed, basis.EventPaused,
	basis.EventSuspended, basis.EventResumed, basis.EventWithdrawn, basis.EventExpired, basis.EventExhausted, basis.EventRevoked,
	basis.EventInvalidated, basis.EventSuperseded, basis.EventClosed, basis.EventReviewed,
}

func TestTransitions(t *testing.T) {
	for _, c := range []struct {
		kind   basis.Kind
		events []basis.Event
		want   basis.State // "": the last event cannot happen
	}{
		{basis.Consent, []basis.Event{basis.EventGranted}, basis.Active},
		{basis.Consent, []basis.Event{basis.EventRequested}, basis.Requested},
		{basis.Consent, []basis.Event{basis.EventRequested, basis.EventRefused}, basis.Refused},
		{basis.Consent, []basis.Event{basis.EventRequested, basis.EventDeferred, basis.EventGranted}, basis.Active},
		{basis.Consent, []basis.Event{basis.EventRequested, basis.EventLapsed}, basis.Lapsed},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventPaused, basis.EventResumed}, basis.Active},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventPaused, basis.EventWithdrawn}, basis.Withdrawn},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventWithdrawn}, basis.Withdrawn},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventExpired}, basis.Expired},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventExhausted}, basis.Exhausted},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventRevoked}, basis.Revoked},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventInvalidated}, basis.Invalidated},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventSuperseded}, basis.Superseded},
		{basis.Statutory, []basis.Event{basis.EventGranted, basis.EventSuspended, basis.EventResumed, basis.EventClosed}, basis.Closed},
		{basis.Emergency, []basis.Event{basis.EventGranted, basis.EventExpired, basis.EventReviewed}, basis.Reviewed},
		{basis.Emergency, []basis.Event{basis.EventGranted, basis.EventClosed, basis.EventReviewed}, basis.Reviewed},

		{basis.Consent, []basis.Event{basis.EventWithdrawn}, ""},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventGranted}, ""},
		{basis.Consent, []basis.Event{basis.EventRequested, basis.EventRequested}, ""},
		{basis.Consent, []basis.Event{basis.EventRequested, basis.EventWithdrawn}, ""},
		{basis.Consent, []basis.Event{basis.EventRequested, basis.EventRefused, basis.EventGranted}, ""},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventWithdrawn, basis.EventWithdrawn}, ""},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventWithdrawn, basis.EventResumed}, ""},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventSuspended}, ""},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventClosed}, ""},
		{basis.Consent, []basis.Event{basis.EventGranted, basis.EventExpired, basis.EventReviewed}, ""},
		{basis.Statutory, []basis.Event{basis.EventGranted, basis.EventWithdrawn}, ""},
		{basis.Statutory, []basis.Event{basis.EventGranted, basis.EventPaused}, ""},
		{basis.Emergency, []basis.Event{basis.EventGranted, basis.EventReviewed}, ""},
		{basis.Emergency, []basis.Event{basis.EventGranted, basis.EventExpired, basis.EventReviewed, basis.EventResumed}, ""},
		{basis.Consent, []basis.Event{"invented"}, ""},
	} {
		state, err := c.kind.Replay(c.events)
		known, conflict := errors.AsType[*gateway.Error](err)
		if c.want == "" && (!conflict || known.Kind != gateway.Conflict || known.Code != "basis-state") {
			t.Errorf("%s %v: state %q, error %v; want a conflict", c.kind, c.events, state, err)
		}
		if c.want != "" && (err != nil || state != c.want) {
			t.Errorf("%s %v: state %q, error %v; want %q", c.kind, c.events, state, err, c.want)
		}
	}
}

// TestEndedNeverOpens drives random events at every kind: whatever happens after an
// end, the basis is never in force or waiting again.
func TestEndedNeverOpens(t *testing.T) {
	random := rand.New(rand.NewPCG(20260301, 8))
	reached := map[basis.State]bool{}
	for range 20_000 {
		kind := basis.Kinds()[random.IntN(len(basis.Kinds()))]
		state, ended := basis.None, false
		for range 30 {
			event := allEvents[random.IntN(len(allEvents))]
			next, err := kind.After(state, event)
			if err != nil && next != state {
				t.Fatalf("%s: %q moved to %q by an event that cannot happen", kind, state, next)
			}
			if ended && !next.Ended() {
				t.Fatalf("%s: %q opened again as %q by %q", kind, state, next, event)
			}
			state, ended = next, next.Ended()
			reached[state] = true
		}
	}
	if len(reached) != 16 {
		t.Errorf("only %d of 16 states were reached: %v", len(reached), reached)
	}
}

// TestEveryEndIsReachedFromForce: an event ends a basis exactly when it leads from
// ACTIVE to a state that has ended.
func TestEveryEndIsReachedFromForce(t *testing.T) {
	for _, event := range allEvents {
		next, err := basis.Active.After(event)
		if got := err == nil && next.Ended(); got != event.Ends() {
			t.Errorf("%s: leads to an end %v, says %v", event, got, event.Ends())
		}
	}
}

func TestStateAtExpiry(t *testing.T) {
	b := made(t, consent(t))
	for _, c := range []struct {
		recorded basis.State
		at       time.Time
		want     basis.State
	}{
		{basis.Active, b.Expires.Add(-time.Millisecond), basis.Active},
		{basis.Active, b.Expires, basis.Expired},
		{basis.Paused, b.Expires, basis.Expired},
		{basis.Withdrawn, b.Expires, basis.Withdrawn},
		{basis.None, b.Expires, basis.None},
	} {
		if got := b.StateAt(c.recorded, c.at); got != c.want {
			t.Errorf("%s at %v is %s, want %s", c.recorded, c.at, got, c.want)
		}
	}
}
