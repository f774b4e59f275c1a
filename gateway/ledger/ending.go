package ledger

import (
	"context"
	"errors"
)

// The kinds about which the ledger itself has a rule (FORMAT.md §15). It keeps every
// other kind as it comes.
const (
	IntentKind  Kind = "intent"      // something is about to happen; an outcome of the same reference follows
	OutcomeKind Kind = "outcome"     // what an intent came to; of several, the last one holds
	RetiredKind Kind = "log-retired" // the last entry of its log
	GapKind     Kind = "log-gap"     // names a log that this one continues, because entries of it are lost
)

// OutcomeUnknown is the code of an append of which nobody knows whether it was sealed.
const OutcomeUnknown = "ledger-outcome-unknown"

// ErrRetired says that an origin is final: nothing is ever added to it.
var ErrRetired = errors.New("ledger: this origin is retired; nothing is added to it any more")

// Unsettled is an intent of which the store does not know what became of it.
type Unsettled struct {
	Ref     string
	Entries []Entry // of that reference in the intent's origin, in their order
}

// Endings is how intents and logs come to their end. An intent is unsettled from the
// commit that seals it.
type Endings interface {
	// Settle forgets unsettled intents, durably: one that came back after a crash of
	// the database alone would stay open for as long as this node lives.
	Settle(ctx context.Context, origin string, refs []string) error
	// Retire makes the origin final and gives up the lease. It fails with
	// ErrLeaseLost when the origin has another.
	Retire(ctx context.Context, lease Lease) error
}

// Retire ends the log as [Log.Close] does, and makes its origin final.
func (l *Log) Retire(ctx context.Context) error {
	if err := l.end(ctx); err != nil {
		return err
	}
	if l.fenced.Load() {
		return ErrLeaseLost
	}
	return l.store.Retire(ctx, l.lease)
}
