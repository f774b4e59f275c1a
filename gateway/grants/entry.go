package grants

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// entryOf is what the ledger keeps of an event: the kind is "application-approved",
// "correction-filed" and so on. The text of a reason is not in it: people write names
// into texts.
func entryOf(m Matter, done Happened, issued *Grant, now time.Time) ledger.Entry {
	fields := []ledger.Field{
		{Name: "matter", Value: m.ID},
		{Name: "state", Value: string(m.State)},
		{Name: "department", Value: m.Applicant},
		{Name: "provider", Value: m.Provider},
		{Name: "item", Value: m.Item},
		{Name: "about", Value: m.About},
		{Name: "side", Value: string(done.Side)},
		{Name: "actor", Value: done.By.Ref},
		{Name: "reason-code", Value: done.ReasonCode},
		{Name: "clock-at", Value: done.At.UTC().Format(time.RFC3339)},
		{Name: "due", Value: dueOf(m)},
	}
	if issued != nil {
		fields = append(fields, termsOf(*issued)...)
	}
	return ledger.Entry{Kind: ledger.Kind(string(m.Kind) + "-" + string(done.Event)), Ref: m.ID, At: now, Fields: fields}
}

func dueOf(m Matter) string {
	var due []string
	for _, c := range m.Clocks {
		if c.State == Runs {
			due = append(due, c.Name+"="+c.Due.UTC().Format(time.RFC3339))
		}
	}
	return strings.Join(due, ",")
}

// termsOf writes a grant as it came into force.
func termsOf(g Grant) []ledger.Field {
	return []ledger.Field{
		{Name: "grant", Value: g.ID},
		{Name: "system", Value: g.System},
		{Name: "item-version", Value: strconv.Itoa(g.ItemVersion)},
		{Name: "fields", Value: strings.Join(g.Fields, ",")},
		{Name: "operation", Value: operationNames(g.Operations)},
		{Name: "service-item", Value: strings.Join(g.ServiceItems, ",")},
		{Name: "purpose", Value: strings.Join(g.Purposes, ",")},
		{Name: "provision", Value: g.LegalProvision},
		{Name: "rate", Value: fmt.Sprintf("%d/s,%d/d", g.RatePerSecond, g.DailyQuota)},
		{Name: "expires", Value: g.Expires.UTC().Format(time.RFC3339)},
	}
}

func operationNames(operations []gateway.Operation) string {
	names := make([]string, len(operations))
	for i, operation := range operations {
		names[i] = string(operation)
	}
	return strings.Join(names, ",")
}

// GrantEntry is what the ledger keeps of an act upon a grant.
func GrantEntry(g Grant, act GrantAct) ledger.Entry {
	return ledger.Entry{Kind: ledger.Kind("grant-" + string(act.Event)), Ref: g.ID, At: act.At, Fields: []ledger.Field{
		{Name: "grant", Value: g.ID},
		{Name: "state", Value: string(g.State)},
		{Name: "department", Value: g.Department},
		{Name: "system", Value: g.System},
		{Name: "provider", Value: g.Provider},
		{Name: "item", Value: fmt.Sprintf("%s@%d", g.Item, g.ItemVersion)},
		{Name: "actor", Value: act.By.Ref},
		{Name: "reason-code", Value: act.ReasonCode},
	}}
}
