package exchange

import (
	"context"
	"net/http"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
)

// Presentations lets a counter use what a person shows: the scan is the person's
// consent for that one occasion. It returns the bases that the counter may use now.
// Where the code leads to a person, their reference comes also with an error, so that
// the refusal stands among their accesses.
type Presentations interface {
	Scanned(ctx context.Context, scan Scan) (subjectRef string, bases []basis.Basis, err error)
}

// Scan is a counter's declaration together with what it scanned.
type Scan struct {
	Code        string              `json:"code"` // as scanned
	ServiceItem string              `json:"service_item"`
	CaseNo      string              `json:"case_no"`
	OfficerRef  string              `json:"officer_ref"` // a terminal without an officer names itself
	Purpose     string              `json:"purpose"`
	Operations  []gateway.Operation `json:"operations"` // VERIFY where it names none

	System, Department string `json:"-"` // proven
}

// bases is what a counter gets for a scan: with each basis it asks for one item, and
// leaves the subject out.
type bases struct {
	Bases   []ScannedBasis `json:"bases"`
	Expires time.Time      `json:"expires"`
	Chain   [][]byte       `json:"chain"` // certificates, DER, of the key that signs this answer, up to the root
}

// ScannedBasis is one of the bases that a scan gave.
type ScannedBasis struct {
	BasisID    string              `json:"basis_id"`
	Item       string              `json:"item"`
	Fields     []string            `json:"fields"`
	Operations []gateway.Operation `json:"operations"`
}

// Scan uses up the code that a person shows. Its answer is signed as a release is; a
// refusal is recorded, also among the person's own accesses.
func (s *Service) Scan(ctx context.Context, call Call) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	return s.scanned(ctx, u, func(ctx context.Context, u *use) (Scan, error) {
		caller, err := s.admitAsking(ctx, u.call)
		if err != nil {
			return Scan{}, err
		}
		u.caller = caller
		return parseScanAt(u.call.Body, "")
	})
}

// scanned is a scan from whatever door.
func (s *Service) scanned(ctx context.Context, u *use, admit func(context.Context, *use) (Scan, error)) (Release, error) {
	answer, err := s.scan(ctx, u, admit)
	if err != nil {
		return Release{System: u.caller.System}, s.refuse(ctx, u, err)
	}
	signing := s.signing()
	answer.Chain = signing.Chain
	body, err := encode(answer)
	if err != nil {
		return Release{System: u.caller.System}, err
	}
	header, _, err := s.signAnswer(ctx, u, body, signing)
	if err != nil {
		return Release{System: u.caller.System}, err
	}
	return Release{Status: http.StatusOK, Header: header, Body: body, System: u.caller.System}, nil
}

func (s *Service) scan(ctx context.Context, u *use, admit func(context.Context, *use) (Scan, error)) (bases, error) {
	asked, err := admit(ctx, u)
	if err != nil {
		return bases{}, err
	}
	u.ask = Ask{ServiceItem: asked.ServiceItem, CaseNo: asked.CaseNo, OfficerRef: asked.OfficerRef, Purpose: asked.Purpose, Operation: asked.Operations[0]}
	asked.System, asked.Department = u.caller.System, u.caller.Department
	subject, given, err := s.presentations.Scanned(ctx, asked)
	u.resolved.SubjectRef = subject
	if err != nil {
		return bases{}, err
	}
	answer := bases{Expires: given[0].Expires}
	for _, b := range given {
		answer.Bases = append(answer.Bases, ScannedBasis{BasisID: b.ID, Item: b.Item, Fields: b.Fields, Operations: b.Operations})
	}
	return answer, nil
}

// parseScanAt reads a declaration; officer is who is signed in at the desk, "" where the
// body has to say.
func parseScanAt(body []byte, officer string) (Scan, error) {
	var asked Scan
	if err := decodeStrictly(body, &asked); err != nil {
		return Scan{}, err
	}
	if officer != "" && asked.OfficerRef == "" {
		asked.OfficerRef = officer
	} else if officer != "" {
		return Scan{}, invalidField("/officer_ref", "at the desk the officer is the one who is signed in")
	}
	if len(asked.Operations) == 0 {
		asked.Operations = []gateway.Operation{gateway.Verify}
	}
	for _, rule := range []struct {
		field, says string
		holds       bool
	}{
		{"/code", "code is what was scanned", asked.Code != "" && len(asked.Code) <= 256},
		{"/service_item", "service_item is required: the code of the matter (事项) this is for", code.MatchString(asked.ServiceItem)},
		{"/case_no", "case_no is required: the case this is for", code.MatchString(asked.CaseNo)},
		{"/officer_ref", "officer_ref is required; a terminal names itself", code.MatchString(asked.OfficerRef)},
		{"/purpose", "purpose is required: a purpose code of the catalogue", code.MatchString(asked.Purpose)},
		{"/operations", "operations are VERIFY, PREDICATE, VIEW, COPY or ANNOTATED_COPY, none twice", distinct(asked.Operations)},
	} {
		if !rule.holds {
			return Scan{}, invalidField(rule.field, rule.says)
		}
	}
	return asked, nil
}

func distinct(operations []gateway.Operation) bool {
	seen := map[gateway.Operation]bool{}
	for _, operation := range operations {
		if seen[operation] || !operation.Known() {
			return false
		}
		seen[operation] = true
	}
	return true
}
