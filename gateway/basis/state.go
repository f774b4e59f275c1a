package basis

import (
	"fmt"
	"time"

	"kapok/gateway"
)

// State is where a basis stands.
type State string

// The states. Only ACTIVE lets an access through.
const (
	None        State = ""          // before the first event
	Requested   State = "REQUESTED" // by the recipient; the person has not answered
	Deferred    State = "DEFERRED"  // the person wants to answer later
	Active      State = "ACTIVE"
	Paused      State = "PAUSED"    // by the person
	Suspended   State = "SUSPENDED" // by the authority; STATUTORY only
	Refused     State = "REFUSED"
	Lapsed      State = "LAPSED" // never answered
	Withdrawn   State = "WITHDRAWN"
	Expired     State = "EXPIRED"
	Exhausted   State = "EXHAUSTED" // every use is used up
	Revoked     State = "REVOKED"   // by the authority
	Invalidated State = "INVALIDATED"
	Superseded  State = "SUPERSEDED"
	Closed      State = "CLOSED"   // STATUTORY, EMERGENCY and CONTRACT: the matter is done
	Reviewed    State = "REVIEWED" // EMERGENCY: looked into afterwards
)

// Event is what befalls a basis. Events are only ever added.
type Event string

// The events.
const (
	EventRequested   Event = "requested"
	EventDeferred    Event = "deferred"
	EventGranted     Event = "granted"
	EventRefused     Event = "refused"
	EventLapsed      Event = "lapsed"
	EventPaused      Event = "paused"
	EventSuspended   Event = "suspended"
	EventResumed     Event = "resumed"
	EventWithdrawn   Event = "withdrawn"
	EventExpired     Event = "expired"
	EventExhausted   Event = "exhausted"
	EventRevoked     Event = "revoked"
	EventInvalidated Event = "invalidated" // mandate void, age 14 or 18 reached, death
	EventSuperseded  Event = "superseded"
	EventClosed      Event = "closed"
	EventReviewed    Event = "reviewed"
)

// answers are the events that end a request, wherever it waits.
var answers = map[Event]State{
	EventGranted: Active,
	EventRefused: Refused,
	EventLapsed:  Lapsed,
}

// endings are the events that end a basis in force, also while it is held up.
var endings = map[Event]State{
	EventWithdrawn:   Withdrawn,
	EventExpired:     Expired,
	EventExhausted:   Exhausted,
	EventRevoked:     Revoked,
	EventInvalidated: Invalidated,
	EventSuperseded:  Superseded,
	EventClosed:      Closed,
}

// reviewed: an emergency that has ended must still be looked into (突发事件应对法 85).
var reviewed = map[Event]State{EventReviewed: Reviewed}

// transitions is the whole machine: from a state, by an event, to a state. What is
// not in it cannot happen.
var transitions = map[State][]map[Event]State{
	None:      {{EventRequested: Requested, EventGranted: Active}},
	Requested: {answers, {EventDeferred: Deferred}},
	Deferred:  {answers},
	Active:    {endings, {EventPaused: Paused, EventSuspended: Suspended}},
	Paused:    {endings, {EventResumed: Active}},
	Suspended: {endings, {EventResumed: Active}},

	Expired: {reviewed},
	Revoked: {reviewed},
	Closed:  {reviewed},
}

// After is the state that the event leads to, whatever the kind; [Kind.After] knows
// the kind as well. An event that cannot happen in this state is an error of kind
// Conflict, and the state stays.
func (s State) After(event Event) (State, error) {
	for _, some := range transitions[s] {
		if next, ok := some[event]; ok {
			return next, nil
		}
	}
	return s, impossible(s, event)
}

// Ended reports whether the basis has ended for good: no event leads back to use.
func (s State) Ended() bool { return endStates[s] }

var endStates = map[State]bool{
	Refused: true, Lapsed: true, Withdrawn: true, Expired: true, Exhausted: true, Revoked: true,
	Invalidated: true, Superseded: true, Closed: true, Reviewed: true,
}

// Ends reports whether the event ends a basis that is in force.
func (e Event) Ends() bool { return endings[e] != None }

// StateAt is the state at the moment now, when the last event recorded led to state:
// what is past its expiry has ended, also before a job has written so down.
func (b Basis) StateAt(state State, now time.Time) State {
	if !state.Ended() && state != None && !now.Before(b.Expires) {
		return Expired
	}
	return state
}

func impossible(state State, event Event) error {
	known := gateway.Fail(gateway.Conflict, "basis-state",
		"The access basis is in a state in which this cannot be done.")
	return known.Because(fmt.Errorf("basis: no event %q in state %q for this kind", event, state))
}
