package safe

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"strconv"

	"kapok/gateway/ledger"
	"kapok/gateway/licence"
)

// Journal records what leaves without a change of state.
type Journal interface {
	Append(ctx context.Context, a ledger.Append) (ledger.Sealed, error)
}

// ShowOffline makes what a person shows where there is no network. That it was made is in
// the ledger before it is handed out; who looks at it is not, which its reader is told.
func (s *Service) ShowOffline(ctx context.Context, person Person, shown []licence.Metadata, purpose string) (licence.Offline, string, error) {
	if err := person.ofAge(); err != nil {
		return licence.Offline{}, "", err
	}
	if _, known := s.Catalog().Purpose(purpose); purpose != "" && !known {
		return licence.Offline{}, "", unknown("/purpose", "The catalogue holds no such purpose.")
	}
	var id [10]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	o, signing := licence.NewOffline(base32.StdEncoding.EncodeToString(id[:]), purpose, shown, s.Now()), s.Signing()
	text, err := o.Sign(ctx, signing.Signer, signing.Chain)
	if err != nil {
		return o, "", err
	}
	_, err = s.Journal.Append(ctx, ledger.Append{Subject: person.Ref, Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: "presentation-offline", Ref: hex.EncodeToString(append(id[:], 0, 0, 0, 0, 0, 0)), At: s.Now(), Fields: []ledger.Field{
			{Name: "presentation", Value: o.ID},
			{Name: "licences", Value: strconv.Itoa(len(shown))},
			{Name: "purpose", Value: purpose},
		}}
	}})
	if err != nil {
		return o, "", err
	}
	return o, text, nil
}
