package closing

import (
	"context"
	"errors"
	"sync"
	"time"

	"kapok/gateway/ledger"
)

// Log is where closing entries go.
type Log interface {
	Append(ctx context.Context, a ledger.Append) (ledger.Sealed, error)
}

// Intents are those that a log was left with.
type Intents interface {
	Unsettled(ctx context.Context, origin, after string, limit int) ([]ledger.Unsettled, error)
	Settle(ctx context.Context, origin string, refs []string) error
}

// atOnce is how many intents are read, and closed at the same time: one or two
// commits of the log.
const atOnce = 256

// All closes every intent that origin was left with, by entries in log, and returns
// how many needed one. Nobody may be at work on that origin. It may be called again
// after a failure: what was closed is not closed twice.
func All(ctx context.Context, log Log, intents Intents, origin, code, by string) (int, error) {
	closed, after := 0, ""
	for {
		found, err := intents.Unsettled(ctx, origin, after, atOnce)
		if err != nil || len(found) == 0 {
			return closed, err
		}
		n, err := some(ctx, log, found, code, by)
		closed += n
		if err != nil {
			return closed, err
		}
		refs := make([]string, len(found))
		for i, one := range found {
			refs[i] = one.Ref
		}
		if err := intents.Settle(ctx, origin, refs); err != nil {
			return closed, err
		}
		after = refs[len(refs)-1]
	}
}

// some closes them side by side, so that they share a commit.
func some(ctx context.Context, log Log, found []ledger.Unsettled, code, by string) (int, error) {
	errs := make([]error, len(found))
	var group sync.WaitGroup
	due := 0
	for i, one := range found {
		result := Due(one.Entries)
		if result == "" {
			continue
		}
		due++
		group.Go(func() { errs[i] = appendTo(ctx, log, intentOf(one), result, code, by) })
	}
	group.Wait()
	return due, errors.Join(errs...)
}

func appendTo(ctx context.Context, log Log, intent ledger.Entry, result, code, by string) error {
	_, err := log.Append(ctx, ledger.Append{
		Subject: intent.Value(ledger.SubjectField),
		Entry:   func(ledger.Found) ledger.Entry { return Entry(intent, result, code, by, time.Now()) },
	})
	return err
}
