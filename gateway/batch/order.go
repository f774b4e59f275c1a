package batch

import (
	"fmt"

	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/predicate"
)

// Bounds of a batch.
const (
	MaxSubjects   = 10_000
	maxConditions = 5
)

// Kind says what a batch answers.
type Kind string

// The kinds.
const (
	Query       Kind = "query"       // one item of each person
	Eligibility Kind = "eligibility" // who meets all conditions
)

// question is what is asked of each person.
type question struct {
	Item      string            `json:"item"`
	Fields    []string          `json:"fields,omitempty"`
	Operation gateway.Operation `json:"operation,omitempty"`
	BasisID   string            `json:"basis_id,omitempty"`
	Tests     []predicate.Test  `json:"tests,omitempty"`
}

// frame is for which matter and case all is asked.
type frame struct {
	ServiceItem string `json:"service_item"`
	CaseNo      string `json:"case_no,omitempty"`
	OfficerRef  string `json:"officer_ref"`
	Purpose     string `json:"purpose"`
}

// person is one of those asked about; what it names goes before what the batch names.
type person struct {
	IDType   gateway.IdentityType `json:"id_type"`
	IDNumber string               `json:"id_number"`
	CaseNo   string               `json:"case_no,omitempty"`
	BasisIDs []string             `json:"basis_ids,omitempty"` // one for each question
	Expected map[string]string    `json:"expected,omitempty"`
}

// order is a batch as it was asked for, people aside.
type order struct {
	frame
	Questions []question `json:"questions"`
}

// wantedQuery is the body of POST /v1/batches.
type wantedQuery struct {
	question
	frame
	Subjects []person `json:"subjects"`
}

// wantedEligibility is the body of POST /v1/eligibility.
type wantedEligibility struct {
	frame
	Conditions []question `json:"conditions"`
	Subjects   []person   `json:"subjects"`
}

func parseQuery(body []byte) (order, []person, error) {
	var wanted wantedQuery
	if err := gateway.DecodeStrictly(body, &wanted); err != nil {
		return order{}, nil, err
	}
	o := order{frame: wanted.frame, Questions: []question{wanted.question}}
	return o, wanted.Subjects, peopleFit(o, wanted.Subjects)
}

func parseEligibility(body []byte) (order, []person, error) {
	var wanted wantedEligibility
	if err := gateway.DecodeStrictly(body, &wanted); err != nil {
		return order{}, nil, err
	}
	if len(wanted.Conditions) == 0 || len(wanted.Conditions) > maxConditions {
		return order{}, nil, gateway.InvalidField("/conditions", "conditions is required: 1 to 5, each with item and tests")
	}
	for i := range wanted.Conditions {
		c := &wanted.Conditions[i]
		if len(c.Tests) == 0 || len(c.Fields) > 0 || c.Operation != "" {
			return order{}, nil, gateway.InvalidField(fmt.Sprintf("/conditions/%d", i), "a condition has an item and tests, and neither fields nor an operation")
		}
		c.Operation = gateway.Predicate
		for _, test := range c.Tests {
			c.Fields = append(c.Fields, test.Field)
		}
	}
	o := order{frame: wanted.frame, Questions: wanted.Conditions}
	return o, wanted.Subjects, peopleFit(o, wanted.Subjects)
}

// peopleFit checks what can be checked of all at once. What is wrong about one person is
// refused by the path, and stands in the ledger beside the others.
func peopleFit(o order, people []person) error {
	if len(people) == 0 || len(people) > MaxSubjects {
		return gateway.InvalidField("/subjects", "subjects is required: 1 to 10,000 people")
	}
	seen := make(map[[2]string]bool, len(people))
	for i, p := range people {
		if len(p.BasisIDs) > 0 && len(p.BasisIDs) != len(o.Questions) {
			return gateway.InvalidField(fmt.Sprintf("/subjects/%d/basis_ids", i), "basis_ids has one basis for each question, in their order")
		}
		if _, err := gateway.ParseIdentity(p.IDType, p.IDNumber); err != nil {
			return gateway.InvalidField(fmt.Sprintf("/subjects/%d", i), err.Error())
		}
		id := [2]string{string(p.IDType), p.IDNumber}
		if seen[id] {
			return gateway.InvalidField(fmt.Sprintf("/subjects/%d", i), "nobody is named twice in one batch")
		}
		seen[id] = true
	}
	return nil
}

// ask makes the request about one person that the path takes.
func (o order) ask(p person, n int) exchange.Ask {
	q := o.Questions[n]
	ask := exchange.Ask{
		Item: q.Item, Fields: q.Fields, Operation: q.Operation, Tests: q.Tests, BasisID: q.BasisID,
		Subject:     exchange.AskedSubject{IDType: p.IDType, IDNumber: p.IDNumber},
		ServiceItem: o.ServiceItem, CaseNo: o.CaseNo, OfficerRef: o.OfficerRef, Purpose: o.Purpose,
		Expected: p.Expected,
	}
	if p.CaseNo != "" {
		ask.CaseNo = p.CaseNo
	}
	if len(p.BasisIDs) > 0 {
		ask.BasisID = p.BasisIDs[n]
	}
	return ask
}
