package subscriptions

import (
	"fmt"
	"slices"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/predicate"
)

const maxCases = 500

// wanted is the body of POST /v1/subscriptions.
type wanted struct {
	terms
	Cases []about `json:"cases"`
}

// terms are what of each case is pushed, and where.
type terms struct {
	Item        string            `json:"item"`
	Fields      []string          `json:"fields"`
	Operation   gateway.Operation `json:"operation"`
	Tests       []predicate.Test  `json:"tests,omitempty"`
	ServiceItem string            `json:"service_item"`
	OfficerRef  string            `json:"officer_ref"`
	Purpose     string            `json:"purpose"`
	Address     string            `json:"address"`
}

// about is one case: whom it is about, and by what right.
type about struct {
	IDType   gateway.IdentityType `json:"id_type"`
	IDNumber string               `json:"id_number"`
	CaseNo   string               `json:"case_no"`
	BasisID  string               `json:"basis_id"`
}

func (t terms) ask(a about) exchange.Ask {
	return exchange.Ask{
		Item: t.Item, Fields: t.Fields, Operation: t.Operation, Tests: t.Tests, ServiceItem: t.ServiceItem,
		OfficerRef: t.OfficerRef, Purpose: t.Purpose, CaseNo: a.CaseNo, BasisID: a.BasisID,
		Subject: exchange.AskedSubject{IDType: a.IDType, IDNumber: a.IDNumber},
	}
}

// parse reads an order; what the path rules on is ruled on at each delivery.
func parse(body []byte, directory *catalog.Catalog, system string) (wanted, error) {
	var w wanted
	if err := gateway.DecodeStrictly(body, &w); err != nil {
		return w, err
	}
	if _, known := directory.Item(w.Item); !known {
		return w, gateway.InvalidField("/item", "item is one of the catalogue's")
	}
	if !slices.Contains([]gateway.Operation{gateway.View, gateway.Copy, gateway.Predicate}, w.Operation) {
		return w, gateway.InvalidField("/operation", "operation is VIEW, COPY or PREDICATE")
	}
	if !registered(directory, system, w.Address) {
		return w, gateway.Fail(gateway.Forbidden, "webhook-not-registered", "The address does not stand in the catalogue's entry of this system.")
	}
	if len(w.Cases) == 0 || len(w.Cases) > maxCases {
		return w, gateway.InvalidField("/cases", "cases is required: 1 to 500")
	}
	for i, a := range w.Cases {
		if _, err := gateway.ParseIdentity(a.IDType, a.IDNumber); err != nil {
			return w, gateway.InvalidField(fmt.Sprintf("/cases/%d", i), err.Error())
		}
		if a.CaseNo == "" || a.BasisID == "" {
			return w, gateway.InvalidField(fmt.Sprintf("/cases/%d", i), "a case has a case_no and a basis_id")
		}
	}
	return w, nil
}

// registered reports that the bureau registered the address for the system.
func registered(directory *catalog.Catalog, system, address string) bool {
	known, ok := directory.System(system)
	return ok && known.TakesPushesAt(address)
}
