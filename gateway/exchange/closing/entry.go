package closing

import (
	"slices"
	"time"

	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
)

// The results of an outcome.
const (
	Released       = "released"        // durable before the bytes were handed over
	Failed         = "failed"          // the path ended without a release
	NotReleased    = "not-released"    // nothing has left, although the path did not end in order
	ReleaseUnknown = "release-unknown" // whether the bytes reached the caller cannot be told
)

// The codes that say why an intent was closed from outside the path.
const (
	NodeEnded    = "node-ended"     // the node ended on the way
	CallerGone   = "caller-gone"    // the connection broke while the bytes were handed over
	LogWasBehind = "log-was-behind" // the database was set back; see docs/recovery.md
)

const (
	resultField = "result"
	codeField   = "code"
	byField     = "closed-by"
)

// Due says which result an intent still needs; "" when what became of it is said
// already.
func Due(entries []ledger.Entry) string {
	said := ""
	for _, entry := range entries {
		if entry.Kind == ledger.OutcomeKind {
			said = entry.Value(resultField)
			if said == "" { // its openings were erased: it was an outcome, and that is all
				said = Released
			}
		}
	}
	switch said {
	case "":
		return NotReleased
	case Released:
		return ReleaseUnknown
	}
	return ""
}

// Left says whether anything of an exchange has, or may have, left. It is not known as
// long as an intent waits for its outcome.
func Left(entries []ledger.Entry) (left, known bool) {
	if !slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.Kind == ledger.IntentKind }) {
		return false, true
	}
	due := Due(entries)
	if due == ReleaseUnknown {
		return true, true
	}
	for _, entry := range entries {
		left = left || entry.Value(resultField) == ReleaseUnknown
	}
	return left, due == ""
}

// Entry closes an intent: it repeats what the intent says, so that it can be read
// and proved alone, but for the message that is kept beside the intent. by is the node that closes.
func Entry(intent ledger.Entry, result, code, by string, now time.Time) ledger.Entry {
	own := []ledger.Field{{Name: resultField, Value: result}, {Name: codeField, Value: code}, {Name: byField, Value: by}}
	fields := slices.DeleteFunc(slices.Clone(intent.Fields), func(f ledger.Field) bool {
		return f.Name == ledger.SubjectField || f.Name == evidence.MessagesField || slices.ContainsFunc(own, func(o ledger.Field) bool { return o.Name == f.Name })
	})
	return ledger.Entry{Kind: ledger.OutcomeKind, Ref: intent.Ref, At: now, Fields: append(fields, own...)}
}

// intentOf is the entry that opened the reference; without one, an empty intent.
func intentOf(one ledger.Unsettled) ledger.Entry {
	for _, entry := range one.Entries {
		if entry.Kind == ledger.IntentKind {
			return entry
		}
	}
	return ledger.Entry{Kind: ledger.IntentKind, Ref: one.Ref}
}
