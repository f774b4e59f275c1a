package httpapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/safe"
)

// Readings is where it is recorded that somebody reads the ledger.
type Readings interface {
	Append(ctx context.Context, a ledger.Append) (ledger.Sealed, error)
}

// recordReading makes it durable that a person is shown entries of the ledger, before
// they are: without the record there is no view. A citizen who looks at what concerns
// them is named by the subject, staff by their name at their identity provider.
// recordDelegated is recordReading of somebody who looks under a mandate: it stands in the
// record of whom they act for, where it is not hidden as an own look is.
func (h handlers) recordDelegated(ctx context.Context, person safe.Person, view string, shown int) error {
	_, err := h.readings.Append(ctx, ledger.Append{Subject: person.For, Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: "mandate-used", Ref: gateway.NewRef(), At: h.now().Truncate(time.Millisecond), Fields: []ledger.Field{
			{Name: "mandate", Value: person.Mandate}, {Name: "view", Value: view}, {Name: "entries", Value: strconv.Itoa(shown)}, {Name: "actor", Value: person.Ref},
		}}
	}})
	return err
}

func (h handlers) recordReading(ctx context.Context, v *visit, view string, shown int, at ...ledger.Field) error {
	fields := append([]ledger.Field{
		{Name: "view", Value: view},
		{Name: "entries", Value: strconv.Itoa(shown)},
		{Name: "roles", Value: strings.Join(v.session.Roles, ",")},
	}, at...)
	if v.session.SubjectRef == "" {
		fields = append(fields, ledger.Field{Name: "actor", Value: v.session.Subject}, ledger.Field{Name: "issuer", Value: v.session.Issuer})
	}
	read := h.now().Truncate(time.Millisecond)
	_, err := h.readings.Append(ctx, ledger.Append{Subject: v.session.SubjectRef, Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: postgres.LedgerReadKind, At: read, Fields: fields}
	}})
	return err
}
