package exchange

import (
	"context"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Case is a case (办件) as its department's case system tells of it.
type Case struct {
	Department  string `json:"-"`
	ServiceItem string `json:"service_item"`
	Number      string `json:"case_no"`
	Closed      bool   `json:"closed"`
}

// CaseState is what is known of a case number.
type CaseState string

// What can be known. Where nobody tells of cases, a use is marked and listed.
const (
	CaseVerified   CaseState = "verified"
	CaseUnverified CaseState = "unverified" // the matter has no case source
	CaseUnknown    CaseState = "unknown"
	CaseClosed     CaseState = "closed"
)

// UnverifiedUses counts releases of one day whose case nobody could confirm.
type UnverifiedUses struct {
	Department  string
	ServiceItem string
	Day         time.Time // Beijing's
	Uses        int64
}

// Cases is the register of cases. What TellCase changes is one transaction with its
// entry.
type Cases interface {
	TellCase(ctx context.Context, c Case, entry ledger.Entry) (pending string, err error)
	CaseKnown(ctx context.Context, department, serviceItem, number string) (CaseState, error)
}

// AdoptCaseSources tells which matters have a case source: department, service item.
// The other ones are not looked up. Once a matter has a source, it has one.
func (s *Service) AdoptCaseSources(pairs [][2]string) {
	for _, pair := range pairs {
		s.caseSources.Store(pair, true)
	}
}

// checkCase holds the case number against the source of its matter.
func (s *Service) checkCase(ctx context.Context, u *use) error {
	u.caseState = CaseUnverified
	if _, told := s.caseSources.Load([2]string{u.caller.Department, u.ask.ServiceItem}); !told {
		return nil
	}
	state, err := s.cases.CaseKnown(ctx, u.caller.Department, u.ask.ServiceItem, u.ask.CaseNo)
	if err != nil {
		return gateway.Fail(gateway.Unavailable, "store-unavailable", "The case could not be looked up; try again.").Because(err)
	}
	u.caseState = state
	for _, refusal := range caseRefusals {
		if refusal.state == state {
			failure := gateway.Fail(gateway.Forbidden, refusal.code, refusal.says)
			failure.Field, failure.Remedy = "/case_no", refusal.remedy
			return failure
		}
	}
	return nil
}

var caseRefusals = []struct {
	state              CaseState
	code, says, remedy string
}{
	{CaseUnknown, "case-unknown", "The matter's case system knows no such case.", "Check the number, or have the case system tell of it first (POST /v1/cases)."},
	{CaseClosed, "case-closed", "The case is closed.", "Use data in the case that it is for, while that is open."},
}

// Prove finds out who signed a call that tells of a case; a refusal is recorded. Such a
// call uses no data, and it can come twice without harm.
func (s *Service) Prove(ctx context.Context, call Call) (Caller, error) {
	caller, err := s.admitAsking(ctx, call)
	if err != nil {
		s.recordUnadmitted(ctx, call.TraceID, "cases", err)
	}
	return caller, err
}

// admitAsking admits a call that no entry of the ledger is made for, in whose transaction
// a revoked key would be found stopped: the store is asked about the key.
func (s *Service) admitAsking(ctx context.Context, call Call) (Caller, error) {
	caller, err := s.admit(ctx, call)
	if err != nil {
		return caller, err
	}
	_, err = s.readKey(ctx, caller.KeyID)
	return caller, err
}

// RegisterCase takes what a department's case system tells, in a signed call. It can
// come twice without harm: a closed case never opens again.
func (s *Service) RegisterCase(ctx context.Context, call Call) error {
	caller, err := s.Prove(ctx, call)
	if err != nil {
		return err
	}
	var told Case
	if err := decodeStrictly(call.Body, &told); err != nil {
		return err
	}
	told.Department = caller.Department
	matter, known := s.Catalog().ServiceItem(told.ServiceItem)
	if !known || matter.Department != caller.Department {
		return invalidField("/service_item", "service_item is a matter that the caller's department handles")
	}
	if !code.MatchString(told.Number) {
		return invalidField("/case_no", "case_no is required: at most 64 letters, digits, - _ . /")
	}
	pending, err := s.cases.TellCase(ctx, told, s.caseEntry(told, caller))
	if err == nil {
		s.AdoptCaseSources([][2]string{{told.Department, told.ServiceItem}}) // other nodes look soon
	}
	if err != nil || pending == "" {
		return err
	}
	_, err = s.drain(ctx, pending)
	return err
}

func (s *Service) caseEntry(c Case, caller Caller) ledger.Entry {
	kind := ledger.Kind("case-opened")
	if c.Closed {
		kind = "case-closed"
	}
	return ledger.Entry{Kind: kind, Ref: gateway.NewRef(), At: s.now(), Fields: []ledger.Field{
		{Name: "department", Value: c.Department},
		{Name: "system", Value: caller.System},
		{Name: "key", Value: caller.KeyID},
		{Name: "service-item", Value: c.ServiceItem},
		{Name: "case", Value: c.Number},
	}}
}
