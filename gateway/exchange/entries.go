package exchange

import (
	"fmt"
	"strings"

	"kapok/gateway"
	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
	"kapok/gateway/predicate"
	"kapok/policies"
)

// The names of the fields that entries on the path hold. Each enters the ledger as a
// salted commitment; none ever holds a value of the data itself. The ledger adds the
// subject.
const fieldCode = "code"

// The kinds of entries on the path.
const (
	intentKind              = ledger.IntentKind  // the source is about to be asked
	outcomeKind             = ledger.OutcomeKind // what an intent came to: released, or failed
	refusalKind ledger.Kind = "refusal"          // a call that got nothing
	tokenKind   ledger.Kind = "token"            // a system was admitted
)

// contextFields says who asked for what and why; every entry of a use repeats them,
// so that each entry can be read and proved alone.
func (u *use) contextFields() []ledger.Field {
	fields := []ledger.Field{
		{Name: "system", Value: u.caller.System},
		{Name: "department", Value: u.caller.Department},
		{Name: "key", Value: u.caller.KeyID},
		{Name: "officer", Value: u.ask.OfficerRef},
		{Name: "service-item", Value: u.ask.ServiceItem},
		{Name: "case", Value: u.ask.CaseNo},
		{Name: "item", Value: u.itemVersion()},
		{Name: "fields", Value: strings.Join(u.ask.Fields, ",")},
		{Name: "operation", Value: string(u.ask.Operation)},
		{Name: "purpose", Value: u.ask.Purpose},
		{Name: "basis", Value: u.ask.BasisID},
		{Name: "trace", Value: u.call.TraceID},
	}
	fields = append(fields, u.door()...)
	if u.order != nil {
		fields = append(fields, ledger.Field{Name: "order", Value: u.order.ID})
	}
	if len(u.ask.Tests) > 0 {
		fields = append(fields, ledger.Field{Name: "tests", Value: recordedTests(u.ask.Tests)})
	}
	return fields
}

// recordedTests says what was tested, without what a value was compared with.
func recordedTests(tests []predicate.Test) string {
	texts := make([]string, len(tests))
	for i, test := range tests {
		texts[i] = test.Record()
	}
	return strings.Join(texts, "; ")
}

func (u *use) itemVersion() string {
	if u.item == nil {
		return u.ask.Item
	}
	return fmt.Sprintf("%s@%d", u.item.Code, u.item.Version)
}

// decisionFields says by what right, for a use that was allowed, and under what duties.
func (u *use) decisionFields() []ledger.Field {
	return append(append(u.editionFields(), u.dutyFields()...), []ledger.Field{
		{Name: "basis-kind", Value: string(u.resolved.Basis.Kind)},
		{Name: "provision", Value: u.resolved.Basis.Provision()},
		{Name: "grant", Value: u.grant.ID},
		{Name: "case-check", Value: string(u.caseState)},
		{Name: "policy-set", Value: u.decision.PolicySet},
		{Name: "reasons", Value: strings.Join(reasonPolicies(u.decision), ",")},
		{Name: "request", Value: fmt.Sprintf("%x", u.caller.Signature)},
	}...)
}

// intentEntry is recorded before the source is asked.
func (s *Service) intentEntry(u *use, retryOf string) ledger.Entry {
	fields := append(u.contextFields(), u.decisionFields()...)
	if retryOf != "" {
		fields = append(fields, ledger.Field{Name: "retry-of", Value: retryOf})
	}
	return ledger.Entry{Kind: intentKind, Ref: u.ref, At: s.now(), Fields: fields}
}

// outcomeEntry is recorded before a byte leaves.
func (s *Service) outcomeEntry(u *use) ledger.Entry {
	fields := append(u.contextFields(), u.decisionFields()...)
	fields = append(fields,
		ledger.Field{Name: "result", Value: closing.Released},
		ledger.Field{Name: "returned", Value: strings.Join(u.ask.Fields, ",")},
		ledger.Field{Name: "provider", Value: u.item.Provider},
		ledger.Field{Name: "source", Value: u.item.Source},
		ledger.Field{Name: "as-of", Value: u.asOf()},
		ledger.Field{Name: "data", Value: u.commitment()},
	)
	if u.answer.Cached {
		fields = append(fields, ledger.Field{Name: "cached", Value: "true"})
	}
	if u.answer.Origin != "" {
		fields = append(fields, ledger.Field{Name: "lineage", Value: u.answer.Origin})
	}
	if u.answer.Licence != "" {
		fields = append(fields, ledger.Field{Name: "licence", Value: u.answer.Licence})
	}
	if u.retryOf != "" {
		fields = append(fields, ledger.Field{Name: "retry-of", Value: u.retryOf})
	}
	return ledger.Entry{Kind: outcomeKind, Ref: u.ref, At: s.now(), Fields: fields}
}

// failureEntry closes an intent after which nothing was released.
func (s *Service) failureEntry(u *use, failure *gateway.Error) ledger.Entry {
	fields := append(u.contextFields(),
		ledger.Field{Name: "result", Value: closing.Failed},
		ledger.Field{Name: fieldCode, Value: failure.Code},
		ledger.Field{Name: "provider", Value: u.item.Provider},
		ledger.Field{Name: "source", Value: u.item.Source},
	)
	return ledger.Entry{Kind: outcomeKind, Ref: u.ref, At: s.now(), Fields: fields}
}

// refusalEntry says why an admitted caller got nothing.
func (s *Service) refusalEntry(u *use, failure *gateway.Error) ledger.Entry {
	fields := append(u.contextFields(),
		ledger.Field{Name: fieldCode, Value: failure.Code},
		ledger.Field{Name: "excess", Value: strings.Join(failure.Fields, ",")},
	)
	if failure.Confirmation != "" {
		fields = append(fields, ledger.Field{Name: "confirmation", Value: failure.Confirmation})
	}
	return ledger.Entry{Kind: refusalKind, Ref: u.ref, At: s.now(), Fields: fields}
}

// reasonPolicies names the policies that allowed, not their words.
func reasonPolicies(d policies.Decision) []string {
	names := make([]string, len(d.Reasons))
	for i, reason := range d.Reasons {
		names[i] = reason.Policy
	}
	return names
}
