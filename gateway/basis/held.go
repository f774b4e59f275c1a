package basis

import "time"

// Held is an access basis with the state that its last event led to. A time limit
// that has passed since is not in it: see [Basis.StateAt].
type Held struct {
	Basis Basis
	State State
}

// Change says what befalls a basis: it is ended, or held up for a while.
type Change struct {
	ID         string
	SubjectRef string // whom the basis is about; "" for one that is about anybody
	Event      Event
	Actor      string // a subject_ref, a staff reference, or "kapok" for a job
	Reason     string // a code of the program or of a list, never free text of a person; may be ""
	At         time.Time
}

// Happened is an event that was recorded.
type Happened struct {
	Seq    int
	Event  Event
	State  State // that it led to
	At     time.Time
	Actor  string
	Reason string
	Ref    string // of its entry in the ledger; "" for one that was recorded before entries were named
}
