package basis

import "time"

// Held is an access basis with the state that its last event led to. A time limit
// that has passed since is not in it: see [Basis.StateAt].
type Held struct {
	Basis Basis
	State State
}

// Ending says how a basis ends.
type Ending struct {
	ID         string
	SubjectRef string // whom the basis is about; "" for one that is about anybody
	Event      Event
	Actor      string // a subject_ref, a staff reference, or "kapok" for a job
	At         time.Time
}
