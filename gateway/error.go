package gateway

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the family of an error; the HTTP edge maps it to a status, once.
type Kind int

const (
	Internal Kind = iota // our own fault; the cause is in the log
	Invalid              // the request breaks a rule of its form
	Unauthenticated
	Forbidden
	NotFound
	Conflict
	Excess // more was asked for than is allowed; Excess fields are named
	TooLarge
	TooMany
	NotBuilt
	SourceFailed  // the source answered, wrongly
	SourceTimeout // the source did not answer in time
	Unavailable   // we cannot now; RetryAfter says when to try again
)

// Error is a failure that a caller may be told of. Code is stable and part of
// the API; Message is safe for anybody, so it holds no value of the request and
// no cause; Cause is for the log.
type Error struct {
	Kind         Kind
	Code         string        // stable, kebab-case: "nonce-replayed"
	Message      string        // one sentence; names the rule, echoes no value
	Field        string        // the field at fault as an RFC 6901 pointer into the body, or a header's name
	Fields       []string      // the names in excess, for Kind Excess
	Remedy       string        // what would make it allowed, where that is known
	Confirmation string        // what a second officer is asked about, for the code second-approver-needed
	Steps        []Step        // the same, for who shows where each is done; any one of them may do
	Places       []Place       // every mistake of a file that was sent
	RetryAfter   time.Duration // for Unavailable and TooMany
	Cause        error         // never shown to the caller
}

// Step is one thing that would make a refused request allowed.
type Step struct {
	Do     string   // what a step is: a stable name of package policies
	Fields []string // which fields it is about
}

// Place is where a mistake stands in a file, and the rule that is broken there.
type Place struct {
	File        string // or the sheet of a workbook
	Row, Column int    // from 1; 0: the whole
	Cell        string // as spreadsheets name it
	Heading     string // of the column
	Zh, En      string // the rule; Zh may be ""
}

// Error is for logs; it includes the cause.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Cause)
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Because returns a copy of e that carries cause for the log.
func (e *Error) Because(cause error) *Error {
	copied := *e
	copied.Cause = cause
	return &copied
}

// Fail makes an error of a kind, with its stable code and a safe message.
func Fail(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// AsError finds the [Error] in err's chain. Anything else is our own fault and
// becomes an Internal error with the cause kept for the log.
func AsError(err error) *Error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	return Fail(Internal, "internal", "Kapok failed; the trace id leads its operators to the cause.").Because(err)
}
