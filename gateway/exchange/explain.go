package exchange

import (
	"context"
	"slices"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/policies"
)

// Question asks what would be decided of a request, without making it: nobody is asked
// about and nothing is fetched.
type Question struct {
	System      string            `json:"system"`
	Item        string            `json:"item"`
	Fields      []string          `json:"fields"`
	Operation   gateway.Operation `json:"operation"`
	ServiceItem string            `json:"service_item"`
	CaseNo      string            `json:"case_no"`
	Purpose     string            `json:"purpose"`
	BasisKind   basis.Kind        `json:"basis_kind"` // of a basis in force that fits the request; "": there is none
	CaseBound   bool              `json:"case_bound"` // that basis is for this case alone
}

// ReadQuestion reads a question strictly.
func ReadQuestion(text []byte) (Question, error) {
	var q Question
	return q, decodeStrictly(text, &q)
}

// Explain decides a question at a moment by what is in force. What the catalogue does not
// hold is an error, as it would be for the request.
func Explain(live Live, q Question, at time.Time) (policies.Decision, error) {
	known, err := inPolicyWords(live.Catalog)
	if err != nil {
		return policies.Decision{}, err
	}
	return q.decide(&snapshot{Live: live, known: known}, nil, at)
}

// Explain decides a question by what is in force on this node, grants of the workflow
// included.
func (s *Service) Explain(ctx context.Context, q Question) (policies.Decision, error) {
	issued, err := s.issued.store.InForce(ctx, q.System, q.Item)
	if err != nil {
		return policies.Decision{}, err
	}
	return q.decide(s.live.Load(), issued, s.now())
}

func (q Question) decide(live *snapshot, issued []*policies.Grant, at time.Time) (policies.Decision, error) {
	known := live.known
	item, found := live.Catalog.Item(q.Item)
	if !found {
		return policies.Decision{}, fieldNotFound("/item", "item-unknown", "The catalogue holds no such data item.")
	}
	system, found := known.systems[q.System]
	if !found {
		return policies.Decision{}, fieldNotFound("/system", "system-unknown", "The catalogue holds no such system.")
	}
	if unknown := unknownFields(item, q.Fields); len(unknown) > 0 || !namesOnce(q.Fields) {
		failure := gateway.Fail(gateway.Excess, "fields-unknown", "The item has no such fields; they are named.")
		failure.Field, failure.Fields = "/fields", unknown
		return policies.Decision{}, failure
	}
	in := policies.Input{
		Now: at, System: system, Item: known.items[item.Code], Subject: "explained",
		Ask:      policies.Ask{Fields: q.Fields, Operation: q.Operation, ServiceItem: q.ServiceItem, Purpose: q.Purpose, CaseNo: q.CaseNo},
		Template: known.templates[matterKey{q.ServiceItem, item.Code}],
	}
	if q.BasisKind != "" {
		in.Basis = q.basis(in, at)
	}
	in.Grant = policies.Fittest(in, slices.Concat(known.grants[grantKey{q.System, q.Item}], issued))
	return live.Policies.Decide(in), nil
}

// basis is one that fits the question in everything.
func (q Question) basis(in policies.Input, at time.Time) *policies.Basis {
	b := &policies.Basis{
		Kind: string(q.BasisKind), State: string(basis.Active), Subject: in.Subject,
		Department: in.System.Department, System: q.System, Item: q.Item, ItemVersion: in.Item.Version,
		Fields: q.Fields, Operations: []gateway.Operation{q.Operation}, ServiceItem: q.ServiceItem, Purpose: q.Purpose,
		From: at, Expires: at.Add(time.Hour),
	}
	if q.CaseBound {
		b.CaseNo = q.CaseNo
	}
	if q.BasisKind == basis.Statutory || q.BasisKind == basis.Emergency {
		b.LegalProvision = "the article that it names"
	}
	return b
}
