package httpapi

import (
	"context"
	"time"

	"kapok/gateway"
	"kapok/gateway/cases"
	"kapok/gateway/postgres"
)

// Cases keeps the materials of cases; what it returns without an error is durable and in
// the ledger. A demand that the rule refuses is reported before its error is returned.
type Cases interface {
	One(ctx context.Context, by cases.Actor, matter, number string) (cases.Case, error)
	Accept(ctx context.Context, by cases.Actor, matter, number string, answers []cases.Answer) (cases.Case, error)
	Demand(ctx context.Context, by cases.Actor, matter, number, material, step, once string) (cases.Case, error)
	Decide(ctx context.Context, by cases.Actor, matter, number string, at time.Time, documents []cases.Document) (cases.Case, error)
	Reported(ctx context.Context, before cases.Place, limit int) ([]cases.Demand, error)
	Rates(ctx context.Context, p cases.Period) ([]cases.Rate, error)
}

// handlerOf is a member of staff as the one who handles their department's cases.
func (h handlers) handlerOf(session *postgres.Session) (cases.Actor, error) {
	officer, err := h.officer(session)
	return cases.Actor{Officer: officer.Ref, Department: officer.Department}, err
}

// GetCase shows how a case's materials stand.
func (h handlers) GetCase(ctx context.Context, request GetCaseRequestObject) (GetCaseResponseObject, error) {
	ctx, v := unwrap(ctx)
	by, err := h.handlerOf(v.session)
	if err != nil {
		return nil, err
	}
	c, err := h.cases.One(ctx, by, request.Params.ServiceItem, request.Params.CaseNo)
	return GetCase200JSONResponse(h.caseFile(c)), err
}

// AcceptCase records how materials were met.
func (h handlers) AcceptCase(ctx context.Context, request AcceptCaseRequestObject) (AcceptCaseResponseObject, error) {
	ctx, v := unwrap(ctx)
	by, err := h.handlerOf(v.session)
	if err != nil {
		return nil, err
	}
	c, err := h.cases.Accept(ctx, by, request.Body.ServiceItem, request.Body.CaseNo, answersOf(*request.Body))
	return AcceptCase200JSONResponse(h.caseFile(c)), err
}

// DemandPaper asks for a material on paper, or is refused by the rule.
func (h handlers) DemandPaper(ctx context.Context, request DemandPaperRequestObject) (DemandPaperResponseObject, error) {
	ctx, v := unwrap(ctx)
	by, err := h.handlerOf(v.session)
	if err != nil {
		return nil, err
	}
	body := *request.Body
	c, err := h.cases.Demand(ctx, by, body.ServiceItem, body.CaseNo, body.Material, body.Step, "")
	return DemandPaper201JSONResponse(h.caseFile(c)), err
}

// DecideCase records the decision.
func (h handlers) DecideCase(ctx context.Context, request DecideCaseRequestObject) (DecideCaseResponseObject, error) {
	ctx, v := unwrap(ctx)
	by, err := h.handlerOf(v.session)
	if err != nil {
		return nil, err
	}
	body := *request.Body
	c, err := h.cases.Decide(ctx, by, body.ServiceItem, body.CaseNo, body.DecidedAt, documentsOf(body))
	return DecideCase200JSONResponse(h.caseFile(c)), err
}

func answersOf(body CaseAcceptance) []cases.Answer {
	answers := make([]cases.Answer, len(body.Materials))
	for i, m := range body.Materials {
		answers[i] = cases.Answer{Code: m.Code, Exchange: m.MetBy, Paper: m.Paper, Waived: m.Waived}
	}
	return answers
}

func documentsOf(body CaseDecision) []cases.Document {
	documents := make([]cases.Document, len(body.Documents))
	for i, d := range body.Documents {
		documents[i] = cases.Document{Name: d.Name, Seal: cases.Seal(d.Seal)}
	}
	return documents
}

// demandPlace is where a page of demands ended.
type demandPlace struct {
	At time.Time `json:"t"`
	ID string    `json:"d"`
}

// ListPaperDemands is the supervisor's list.
func (h handlers) ListPaperDemands(ctx context.Context, request ListPaperDemandsRequestObject) (ListPaperDemandsResponseObject, error) {
	ctx, v := unwrap(ctx)
	var before demandPlace
	if err := readCursor(request.Params.Cursor, &before); err != nil {
		return nil, err
	}
	most := limit(request.Params.Limit)
	found, err := h.cases.Reported(ctx, cases.Place(before), most)
	if err != nil {
		return nil, err
	}
	if err := h.recordReading(ctx, v, "paper-demands", len(found)); err != nil {
		return nil, err
	}
	page := PaperDemandPage{Demands: []PaperDemand{}}
	for _, d := range found {
		page.Demands = append(page.Demands, h.demand(d))
	}
	if len(found) == most {
		last := found[most-1]
		page.Next, err = cursorOf(demandPlace{At: last.At.UTC(), ID: last.ID})
	}
	return ListPaperDemands200JSONResponse(page), err
}

// ListRates computes the four rates.
func (h handlers) ListRates(ctx context.Context, request ListRatesRequestObject) (ListRatesResponseObject, error) {
	ctx, _ = unwrap(ctx)
	asked := request.Params
	if !asked.From.Before(asked.To) {
		return nil, invalid("from", "from is before to.")
	}
	found, err := h.cases.Rates(ctx, cases.Period{From: asked.From, To: asked.To, Department: asked.Department, ServiceItem: asked.ServiceItem})
	listed := RateList{From: asked.From.UTC(), To: asked.To.UTC(), Rates: []Rate{}}
	for _, r := range found {
		listed.Rates = append(listed.Rates, Rate{
			Department: h.names.department(r.Department), ServiceItem: h.names.serviceItem(r.ServiceItem),
			Rate: RateRate(r.Rate), Name: r.Label, Met: r.Met, Of: r.Of, Percent: float32(r.Percent), Target: r.Target, Reached: r.Reached,
		})
	}
	return ListRates200JSONResponse(listed), err
}

func (h handlers) demand(d cases.Demand) PaperDemand {
	return PaperDemand{
		Department: h.names.department(d.Key.Department), ServiceItem: h.names.serviceItem(d.Key.ServiceItem), CaseNo: d.Key.Number,
		Material: h.material(d.Key.ServiceItem, d.Material), Step: d.Step, Officer: d.Officer, Refused: d.Refused, At: d.At.UTC(),
	}
}

// material gives a material its name; one that the catalogue no longer lists has none.
func (h handlers) material(matter, code string) Named {
	if found, known := h.catalog().ServiceItem(matter); known {
		for at, m := range found.Materials {
			if cases.CodeOf(found, at) == code {
				return Named{ID: code, Name: m.Name}
			}
		}
	}
	return Named{ID: code}
}

func (h handlers) caseFile(c cases.Case) CaseFile {
	shown := CaseFile{
		Department: h.names.department(c.Department), ServiceItem: h.names.serviceItem(c.ServiceItem), CaseNo: c.Number,
		AcceptedAt: c.Accepted.UTC(), DecidedAt: c.Decided.UTC(),
		Materials: []CaseMaterial{}, Demands: []PaperDemand{}, Documents: []CaseDocument{},
	}
	for _, m := range c.Materials {
		shown.Materials = append(shown.Materials, h.caseMaterial(c.ServiceItem, m))
	}
	for _, d := range c.Demands {
		shown.Demands = append(shown.Demands, h.demand(d))
	}
	for _, d := range c.Documents {
		shown.Documents = append(shown.Documents, CaseDocument{Name: d.Name, Seal: CaseDocumentSeal(d.Seal)})
	}
	return shown
}

func (h handlers) caseMaterial(matter string, m cases.Material) CaseMaterial {
	shown := CaseMaterial{
		Code: m.Code, Name: h.material(matter, m.Code).Name, State: CaseMaterialState(m.Met), Licence: m.Licence,
		ExchangeID: m.Exchange, MetBy: h.names.itemOf(m.Item), CouldBeMetBy: []Named{},
	}
	if !m.At.IsZero() {
		shown.At = m.At.UTC()
	}
	if found, known := h.catalog().ServiceItem(matter); known {
		for at, listed := range found.Materials {
			if cases.CodeOf(found, at) != m.Code {
				continue
			}
			for _, item := range listed.ReplacedBy {
				shown.CouldBeMetBy = append(shown.CouldBeMetBy, h.names.item(item))
			}
		}
	}
	return shown
}

func badJSON() error {
	return gateway.Fail(gateway.Invalid, "json-malformed", "The body is not the JSON object that the API describes: broken syntax, or a member it does not know.")
}
