package grants

import (
	"context"
	"encoding/json"
)

// Broken is a rule of the catalogue that a source's answer broke.
type Broken struct {
	Item     string
	Field    string // the catalogue's name; "" where it is the record
	Rule     string
	Exchange string // the first that met it
}

// CorrectSource takes up with a provider what its source answered wrongly (校核), by
// itself and with the clock of any other correction. It names no person and holds no
// value: the provider finds the record by the exchange.
func (s *Service) CorrectSource(ctx context.Context, b Broken) (Matter, error) {
	item, known := s.Catalog().Item(b.Item)
	if !known {
		return Matter{}, wrong("/item", "The catalogue holds no such data item.")
	}
	complaint := Complaint{Kind: Correction, Item: b.Item}
	if b.Field != "" {
		complaint.Fields = []string{b.Field}
	}
	document, err := json.Marshal(complaint)
	if err != nil {
		return Matter{}, err
	}
	reason := "数源返回的数据不符合目录,已拦截。 The source answered what the catalogue does not describe; it was held back. " +
		"rule: " + b.Rule + ", exchange: " + b.Exchange
	return s.file(ctx, Matter{Kind: Correction, Provider: item.Provider, Item: item.Code},
		Happened{Event: File, Side: Job, By: kapok(), Reason: reason, Document: document})
}
