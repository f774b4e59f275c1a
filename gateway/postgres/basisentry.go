package postgres

import (
	"fmt"
	"strings"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
)

// basisEntry is what the ledger keeps of a change of a basis: the kind is
// "basis-granted", "basis-withdrawn" and so on, the fields are named as those of an
// exchange. A person's own act does not name them again: the ledger adds the subject.
func basisEntry(b basis.Basis, e basisEvent) ledger.Entry {
	fields := []ledger.Field{
		{Name: "basis", Value: b.ID},
		{Name: "basis-kind", Value: string(b.Kind)},
		{Name: "provision", Value: b.Provision()},
		{Name: "department", Value: b.Department},
		{Name: "system", Value: b.System},
		{Name: "provider", Value: b.Provider},
		{Name: "item", Value: fmt.Sprintf("%s@%d", b.Item, b.ItemVersion)},
		{Name: "fields", Value: strings.Join(b.Fields, ",")},
		{Name: "operation", Value: joined(b.Operations)},
		{Name: "service-item", Value: b.ServiceItem},
		{Name: "case", Value: b.CaseNo},
		{Name: "purpose", Value: b.Purpose},
		{Name: "expires", Value: b.Expires.Format(time.RFC3339)},
	}
	if e.actor != b.SubjectRef {
		fields = append(fields, ledger.Field{Name: "actor", Value: e.actor})
	}
	if b.Actor.MandateID != "" {
		fields = append(fields, ledger.Field{Name: "mandate", Value: b.Actor.MandateID})
	}
	if e.reason != "" {
		fields = append(fields, ledger.Field{Name: "reason", Value: e.reason})
	}
	return ledger.Entry{Kind: ledger.Kind("basis-" + string(e.event)), Ref: e.ref, At: e.at, Fields: fields}
}

func joined(operations []gateway.Operation) string {
	names := make([]string, len(operations))
	for i, operation := range operations {
		names[i] = string(operation)
	}
	return strings.Join(names, ",")
}
