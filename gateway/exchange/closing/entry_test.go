package closing

import (
	"testing"
	"time"

	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
)

func outcomeOf(result string) ledger.Entry {
	entry := ledger.Entry{Kind: ledger.OutcomeKind}
	if result != "" {
		entry.Fields = []ledger.Field{{Name: resultField, Value: result}}
	}
	return entry
}

func TestDue(t *testing.T) {
	intent := ledger.Entry{Kind: ledger.IntentKind}
	for _, c := range []struct {
		name    string
		entries []ledger.Entry
		want    string
	}{
		{"no outcome", []ledger.Entry{intent}, NotReleased},
		{"nothing at all: the intent was lost", nil, NotReleased},
		{"released", []ledger.Entry{intent, outcomeOf(Released)}, ReleaseUnknown},
		{"an outcome whose openings were erased", []ledger.Entry{intent, outcomeOf("")}, ReleaseUnknown},
		{"failed", []ledger.Entry{intent, outcomeOf(Failed)}, ""},
		{"closed before", []ledger.Entry{intent, outcomeOf(NotReleased)}, ""},
		{"released, then closed", []ledger.Entry{intent, outcomeOf(Released), outcomeOf(ReleaseUnknown)}, ""},
		{"released, then corrected", []ledger.Entry{intent, outcomeOf(Released), outcomeOf(NotReleased)}, ""},
	} {
		if got := Due(c.entries); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLeft(t *testing.T) {
	intent := ledger.Entry{Kind: ledger.IntentKind}
	for _, c := range []struct {
		name        string
		entries     []ledger.Entry
		left, known bool
	}{
		{"nothing at all", nil, false, true},
		{"a refusal", []ledger.Entry{{Kind: "refusal"}}, false, true},
		{"an intent that waits", []ledger.Entry{intent}, false, false},
		{"released", []ledger.Entry{intent, outcomeOf(Released)}, true, true},
		{"failed", []ledger.Entry{intent, outcomeOf(Failed)}, false, true},
		{"released, then closed", []ledger.Entry{intent, outcomeOf(Released), outcomeOf(ReleaseUnknown)}, true, true},
		{"released, then corrected", []ledger.Entry{intent, outcomeOf(Released), outcomeOf(NotReleased)}, false, true},
	} {
		if left, known := Left(c.entries); left != c.left || known != c.known {
			t.Errorf("%s: left %v, known %v", c.name, left, known)
		}
	}
}

// TestEntryCanBeRecorded: what the ledger itself adds, and what belongs to the intent
// alone, is left out; the rest can be read alone.
func TestEntryCanBeRecorded(t *testing.T) {
	intent := ledger.Entry{Kind: ledger.IntentKind, Ref: "00112233445566778899aabbccddeeff", Fields: []ledger.Field{
		{Name: "item", Value: "测试目录"}, {Name: ledger.SubjectField, Value: "s"}, {Name: evidence.MessagesField, Value: "m"}, {Name: codeField, Value: "old"},
	}}
	closed := Entry(intent, NotReleased, NodeEnded, "b", time.Now())
	if err := closed.Check(); err != nil {
		t.Fatal(err)
	}
	if closed.Ref != intent.Ref || closed.Value("item") != "测试目录" || closed.Value(codeField) != NodeEnded || closed.Value(evidence.MessagesField) != "" {
		t.Errorf("%+v", closed)
	}
}
