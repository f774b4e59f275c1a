package catalog

import (
	"time"

	"kapok/gateway"
)

// Grant is a right given to one system over one item (授权): who, what, how, for
// which matters and purposes, by which law, how fast, and until when. Everything
// not named is not granted.
type Grant struct {
	ID             string              `json:"id"`
	Department     string              `json:"department"`
	System         string              `json:"system"`
	Item           string              `json:"item"`
	ItemVersion    int                 `json:"item_version"`
	Fields         []string            `json:"fields"`
	Operations     []gateway.Operation `json:"operations"`
	ServiceItems   []string            `json:"service_items"`
	Purposes       []string            `json:"purposes"`
	LegalProvision string              `json:"legal_provision"` // a [Provision]'s id
	RatePerSecond  int                 `json:"rate_per_second"` // requests, over all nodes
	From           time.Time           `json:"from"`            // first moment, UTC
	Expires        time.Time           `json:"expires"`         // first moment after, UTC
}

func (l *loader) grant(r *record) {
	g := &Grant{
		ID:             r.define("grant", "id", identifier),
		Department:     r.refer("department", "department"),
		System:         r.refer("system", "system"),
		Item:           r.refer("item", "item"),
		ItemVersion:    r.number("item_version"),
		Fields:         r.texts("fields", fieldName),
		ServiceItems:   r.refers("service item", "service_items"),
		Purposes:       r.refers("purpose", "purposes"),
		LegalProvision: r.refer("provision", "legal_provision"),
		RatePerSecond:  r.number("rate_per_second"),
		From:           r.moment("from"),
		Expires:        r.moment("expires"),
	}
	for _, name := range r.texts("operations", oneOf(gateway.Operations()...)) {
		g.Operations = append(g.Operations, gateway.Operation(name))
	}
	l.found.grants[g.ID] = g
}
