package httpapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// Readings is where it is recorded that somebody reads the ledger.
type Readings interface {
	Append(ctx context.Context, a ledger.Append) (ledger.Sealed, error)
}

// recordReading makes it durable that a person is shown entries of the ledger, before
// they are: without the record there is no view. A citizen who looks at what concerns
// them is named by the subject, staff by their name at their identity provider.
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
