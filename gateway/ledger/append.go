package ledger

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"kapok/gateway"
)

// Stop names something that can be stopped: {"basis", id}, {"grant", id},
// {"key", id}, {"department", id}. Once its marker is in every origin, no entry
// that asked for it is sealed without being told.
type Stop struct{ Kind, ID string }

// Claim is something that may be claimed once on all nodes until it expires: a
// nonce, a token's id, an idempotency key. Owner is the caller it belongs to.
type Claim struct {
	Space   string // "nonce", "idempotency"
	Owner   string
	Key     string
	Digest  [32]byte // what it was claimed for, to tell a retry from a mix-up
	Ref     string   // whose claim it is; comes back in [Taken]
	Expires time.Time
}

// Taken is a claim that somebody made before.
type Taken struct {
	Claim  Claim    // as it was tried now
	Digest [32]byte // as it was made then
	Ref    string
}

// Edition is a published, numbered state of what decisions rest on: of the
// "catalogue", of the "policies". A kind of which none was published is at number 0.
type Edition struct {
	Kind   string
	Number int64
}

// Found is what stood in the way of an append when it was sealed.
type Found struct {
	Stopped  []Stop
	Taken    []Taken
	Outdated []Edition // those in force, of the kinds of which the append names another
}

// Clear reports that nothing stood in the way.
func (f Found) Clear() bool {
	return len(f.Stopped) == 0 && len(f.Taken) == 0 && len(f.Outdated) == 0
}

// ErrDeclined says of an append that its function declined: nothing was written,
// and nothing stays claimed.
var ErrDeclined = errors.New("ledger: the appender declined")

// Append asks for one entry. What it found is decided and what it records is
// written in the same transaction, so an answer cannot be outdated when it is
// sealed. Its claims stay claimed even where it turns out to be stopped.
type Append struct {
	Stops    []Stop
	Claims   []Claim
	Editions []Edition // under which it was decided
	// Entry says what to record, given what was found. It is called by the caller of
	// Append for the case that nothing is found, and again, on the log's goroutine,
	// where something is: it must be quick, must not block and must not change
	// anything. The time of an entry is set back to that of its sealing
	// where it is later. Given [Decline], nothing is written: the caller decides
	// again, on what was found.
	Entry   func(Found) Entry
	Subject string // subject_ref for the citizen's index; "" when nobody is concerned

	Attachment *Attachment // nil: none
	Aside      *Aside      // nil: none
}

// Sealed is an entry that is durable and in a signed tree.
type Sealed struct {
	Found      Found
	Entry      Entry
	Origin     string
	Index      uint64 // of the entry in its origin
	Size       uint64 // of the tree that the checkpoint signs
	Checkpoint string // signed note

	evidence *evidence
}

// Receipt writes the entry's receipt (FORMAT.md §5), showing the fields for which
// disclose answers true; nil shows all.
func (s Sealed) Receipt(disclose func(name string) bool) ([]byte, error) {
	return s.evidence.receipt(disclose)
}

// Certificate is that of the operational key that sealed the entry, DER; it leads the
// receipt's chain.
func (s Sealed) Certificate() []byte { return s.evidence.chain[0] }

// Append records one entry and returns when it is durable. Concurrent callers
// share one commit. Errors are *gateway.Error of kind Unavailable: ledger-busy (the
// queue is full), ledger-lease-lost, ledger-closed, ledger-unavailable (nothing was
// recorded), ledger-outcome-unknown (perhaps it was); or Internal for an append
// that breaks a rule of its form. [ErrDeclined], with what was found, is that of an
// append whose function declined. When ctx ends first, the entry may be sealed all
// the same.
func (l *Log) Append(ctx context.Context, a Append) (Sealed, error) {
	if err := a.check(); err != nil {
		return Sealed{}, err
	}
	if err := l.refusing(); err != nil {
		return Sealed{}, err
	}
	r := &request{append: a, result: make(chan answer, 1)}
	if len(l.queue) < cap(l.queue) { // for a full queue it would be made in vain
		l.draft(r)
	}
	select {
	case l.queue <- r:
	default:
		return Sealed{}, busy()
	}
	return l.await(ctx, r.result)
}

type request struct {
	append  Append
	drafted *draft      // nil: none was made
	result  chan answer // one answer fits, so that the sequencer never waits
}

type answer struct {
	sealed Sealed
	err    error
}

func (l *Log) await(ctx context.Context, result chan answer) (Sealed, error) {
	select {
	case got := <-result:
		return got.sealed, got.err
	case <-ctx.Done():
		return Sealed{}, unknown().Because(ctx.Err())
	case <-l.done:
	}
	select { // the last batch may have answered before the log ended
	case got := <-result:
		return got.sealed, got.err
	default:
		return Sealed{}, closed()
	}
}

const (
	maxText  = 512 // bytes of anything that becomes part of a database key
	maxStops = 64
)

// check keeps out what a database would refuse, because that would fail the whole
// batch with it.
func (a Append) check() error {
	if a.Attachment != nil {
		if err := a.Attachment.check(); err != nil {
			return err
		}
	}
	if a.Aside != nil {
		if err := a.Aside.check(); err != nil {
			return err
		}
	}
	if a.Entry == nil || !textFits(a.Subject) || len(a.Stops) > maxStops || len(a.Claims) > maxStops || len(a.Editions) > maxStops {
		return malformed("an append needs an entry, and at most 64 stops, claims and editions")
	}
	return a.checkConditions()
}

// checkConditions goes through what is to be looked up under the origin's lock.
func (a Append) checkConditions() error {
	for _, edition := range a.Editions {
		if err := edition.Check(); err != nil {
			return err
		}
	}
	for _, stop := range a.Stops {
		if err := stop.check(); err != nil {
			return err
		}
	}
	for _, claim := range a.Claims {
		if err := claim.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c Claim) check() error {
	if c.Space == "" || c.Owner == "" || c.Key == "" || c.Expires.IsZero() {
		return malformed("a claim has a space, an owner, a key and an end")
	}
	if !textFits(c.Space) || !textFits(c.Owner) || !textFits(c.Key) || !textFits(c.Ref) {
		return malformed("a claim's texts are UTF-8 of at most 512 bytes")
	}
	return nil
}

func (s Stop) check() error {
	if s.Kind == "" || s.ID == "" || !textFits(s.Kind) || !textFits(s.ID) {
		return malformed("a stop has a kind and an id, UTF-8 of at most 512 bytes")
	}
	return nil
}

// Check reports whether a store can keep the edition's number.
func (e Edition) Check() error {
	if !wordFits(e.Kind, "-") || e.Number < 0 {
		return malformed("an edition has a kind of lower-case letters, and a number from 0")
	}
	return nil
}

// Check reports whether a store can keep the marker.
func (s Stop) Check() error { return s.check() }

func textFits(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

func malformed(rule string) *gateway.Error {
	return gateway.Fail(gateway.Internal, "ledger-append-malformed", "What was to be recorded breaks a rule: "+rule+".")
}

func busy() *gateway.Error   { return unavailable("ledger-busy", "The ledger's queue is full.") }
func closed() *gateway.Error { return unavailable("ledger-closed", "This node's ledger is closed.") }
func lost() *gateway.Error {
	return unavailable("ledger-lease-lost", "This node no longer holds the lease of its ledger.")
}
func failed() *gateway.Error {
	return unavailable("ledger-unavailable", "The ledger could not be written; nothing was recorded.")
}
func unknown() *gateway.Error {
	return unavailable(OutcomeUnknown, "The ledger did not confirm in time; whether it recorded this is not known.")
}

func unavailable(code, message string) *gateway.Error {
	failure := gateway.Fail(gateway.Unavailable, code, message)
	failure.RetryAfter = time.Second
	return failure
}
