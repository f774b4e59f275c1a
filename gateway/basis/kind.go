package basis

import "slices"

// Kind is what makes the access lawful.
type Kind string

// The kinds.
const (
	Consent         Kind = "CONSENT"          // PIPL 13(1)(i), 14
	SeparateConsent Kind = "SEPARATE_CONSENT" // PIPL 23, 29: per recipient, and for sensitive data
	WrittenConsent  Kind = "WRITTEN_CONSENT"  // PIPL 29: where a law asks for writing
	Statutory       Kind = "STATUTORY"        // PIPL 13(1)(iii), 34
	Emergency       Kind = "EMERGENCY"        // PIPL 13(1)(iv)
	Contract        Kind = "CONTRACT"         // PIPL 13(1)(ii)
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Consent, SeparateConsent, WrittenConsent, Statutory, Emergency, Contract}
}

// Known reports whether k is one of [Kinds].
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// Given reports whether the person gave it, and so may withdraw it (PIPL 15).
func (k Kind) Given() bool { return slices.Contains(given, k) }

var given = []Kind{Consent, SeparateConsent, WrittenConsent}

// knows lists the events that only some kinds know; every kind knows the others.
var knows = map[Event][]Kind{
	EventWithdrawn:   given,
	EventPaused:      given,
	EventInvalidated: {Consent, SeparateConsent, WrittenConsent, Contract},
	EventSuspended:   {Statutory},
	EventClosed:      {Statutory, Emergency, Contract},
	EventReviewed:    {Emergency},
}

// Knows reports whether the event can befall a basis of this kind.
func (k Kind) Knows(event Event) bool {
	kinds, limited := knows[event]
	return !limited || slices.Contains(kinds, k)
}

// After is [State.After] for a basis of this kind.
func (k Kind) After(state State, event Event) (State, error) {
	if !k.Knows(event) {
		return state, impossible(state, event)
	}
	return state.After(event)
}

// Replay is the state after all events, from the first on.
func (k Kind) Replay(events []Event) (State, error) {
	state := None
	for _, event := range events {
		next, err := k.After(state, event)
		if err != nil {
			return state, err
		}
		state = next
	}
	return state, nil
}
