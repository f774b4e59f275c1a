package httpapi

import (
	"context"
	"encoding/json"
	"net/netip"

	"kapok/gateway"
	"kapok/gateway/grants"
	"kapok/gateway/postgres"
	"kapok/policies"
)

// worker is who is signed in, as the workflow knows people: their department is that of
// the catalogue's list of staff in force now.
func (h handlers) worker(session *postgres.Session) grants.Person {
	person := grants.Person{Ref: session.Subject, SubjectRef: session.SubjectRef, Roles: session.Roles}
	if staff, known := h.catalog().Staff(session.Issuer, session.Subject); known {
		person.Department = staff.Department
	}
	return person
}

// ListMatters lists what is under way or was, as far as it is the person's to see.
func (h handlers) ListMatters(ctx context.Context, request ListMattersRequestObject) (ListMattersResponseObject, error) {
	ctx, v := unwrap(ctx)
	filter := grants.Filter{Kind: grants.Kind(request.Params.Kind), State: grants.State(request.Params.State), Open: request.Params.Open}
	if request.Params.Late {
		filter.LateAt = h.now()
		if h.trial != nil {
			filter.LateAt = h.trial.Now()
		}
	}
	found, next, err := h.desk.List(ctx, h.worker(v.session), filter, request.Params.Cursor, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	page := MatterPage{Matters: []Matter{}, Next: next}
	for _, m := range found {
		shown, err := h.matter(m, v.session)
		if err != nil {
			return nil, err
		}
		page.Matters = append(page.Matters, shown)
	}
	return ListMatters200JSONResponse(page), nil
}

// GetMatter shows one matter.
func (h handlers) GetMatter(ctx context.Context, request GetMatterRequestObject) (GetMatterResponseObject, error) {
	ctx, v := unwrap(ctx)
	m, err := h.desk.One(ctx, h.worker(v.session), request.ID)
	if err != nil {
		return nil, err
	}
	shown, err := h.matter(m, v.session)
	return GetMatter200JSONResponse(shown), err
}

// ActInMatter makes an event happen.
func (h handlers) ActInMatter(ctx context.Context, request ActInMatterRequestObject) (ActInMatterResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	act := grants.Act{Matter: request.ID, Event: grants.Event(body.Event), ReasonCode: string(body.ReasonCode), Reason: string(body.Reason)}
	for _, part := range body.Missing {
		act.Missing = append(act.Missing, grants.Missing{Part: part.Part, Zh: part.Zh, En: part.En})
	}
	if body.Application.System != "" {
		terms, err := termsOf(body.Application, "/application")
		if err != nil {
			return nil, err
		}
		act.Terms = &terms
	}
	m, err := h.matters.Act(ctx, h.worker(v.session), act)
	if err != nil {
		return nil, err
	}
	shown, err := h.matter(m, v.session)
	return ActInMatter200JSONResponse(shown), err
}

// FileApplication applies for a grant.
func (h handlers) FileApplication(ctx context.Context, request FileApplicationRequestObject) (FileApplicationResponseObject, error) {
	ctx, v := unwrap(ctx)
	terms, err := termsOf(*request.Body, "")
	if err != nil {
		return nil, err
	}
	m, _, err := h.matters.Apply(ctx, h.worker(v.session), terms)
	if err != nil {
		return nil, err
	}
	shown, err := h.matter(m, v.session)
	return FileApplication201JSONResponse(shown), err
}

// FileObjection files a correction or an objection.
func (h handlers) FileObjection(ctx context.Context, request FileObjectionRequestObject) (FileObjectionResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	m, err := h.matters.Complain(ctx, h.worker(v.session), grants.Complaint{
		Kind: grants.Kind(body.Kind), Item: body.Item, Fields: body.Fields, About: body.About, CaseNo: body.CaseNo, Reason: string(body.Reason),
	})
	if err != nil {
		return nil, err
	}
	shown, err := h.matter(m, v.session)
	return FileObjection201JSONResponse(shown), err
}

// AskForCatalogUpdate has a provider bring an item up to date.
func (h handlers) AskForCatalogUpdate(ctx context.Context, request AskForCatalogUpdateRequestObject) (AskForCatalogUpdateResponseObject, error) {
	ctx, v := unwrap(ctx)
	m, err := h.matters.AskForUpdate(ctx, h.worker(v.session), request.Body.Item, string(request.Body.Reason))
	if err != nil {
		return nil, err
	}
	shown, err := h.matter(m, v.session)
	return AskForCatalogUpdate201JSONResponse(shown), err
}

// matter shows a matter. Who acted is for the bureau and auditors; the sides know each
// other as departments.
func (h handlers) matter(m grants.Matter, viewer *postgres.Session) (Matter, error) {
	n := h.names
	shown := Matter{
		ID: m.ID, Kind: MatterKind(m.Kind), State: MatterState(m.State), Provider: n.department(m.Provider), Item: n.item(m.Item),
		About: m.About, FiledAt: m.FiledAt, Clocks: []MatterClock{}, Events: []MatterEvent{},
	}
	if m.Applicant != "" {
		shown.Applicant = n.department(m.Applicant)
	}
	for _, c := range m.Clocks {
		shown.Clocks = append(shown.Clocks, MatterClock{
			Name: c.Name, Owes: string(c.Owes), Law: c.Law, Days: c.Days, Used: c.Used, Due: c.Due, State: MatterClockState(c.State), Late: c.Late,
		})
	}
	for _, e := range m.Events {
		event, err := matterEvent(e, holds(viewer, RoleBureau, RoleAuditor))
		if err != nil {
			return Matter{}, err
		}
		shown.Events = append(shown.Events, event)
	}
	if m.Kind != grants.Application {
		return shown, nil
	}
	var terms grants.Terms
	if err := json.Unmarshal(m.Document, &terms); err != nil {
		return Matter{}, err
	}
	shown.Application = application(terms)
	if m.State == grants.Incomplete {
		shown.Missing = missingNow(m, terms)
	}
	return shown, nil
}

// missingNow is the list that the applicant has: the provider's, where they told one.
func missingNow(m grants.Matter, terms grants.Terms) []MissingPart {
	last := m.Events[len(m.Events)-1]
	var told []grants.Missing
	if last.Event == grants.TellMissing && json.Unmarshal(last.Document, &told) == nil {
		return missingParts(told)
	}
	return missingParts(terms.MissingParts())
}

func missingParts(list []grants.Missing) []MissingPart {
	var parts []MissingPart
	for _, part := range list {
		parts = append(parts, MissingPart{Part: part.Part, Zh: part.Zh, En: part.En})
	}
	return parts
}

func matterEvent(e grants.Happened, actors bool) (MatterEvent, error) {
	shown := MatterEvent{
		Seq: e.Seq, Event: string(e.Event), State: MatterState(e.State), At: e.At, Side: string(e.Side),
		Department: e.By.Department, ReasonCode: e.ReasonCode, Reason: e.Reason,
	}
	if actors {
		shown.Actor = e.By.Ref
	}
	if e.Event != grants.TellMissing {
		return shown, nil
	}
	var told []grants.Missing
	err := json.Unmarshal(e.Document, &told)
	shown.Missing = missingParts(told)
	return shown, err
}

// termsOf reads an application; what is not stated stays empty.
func termsOf(a Application, prefix string) (grants.Terms, error) {
	t := grants.Terms{
		System: a.System, Item: a.Item, ItemVersion: a.ItemVersion, LegalProvision: a.LegalProvision,
		Scene: a.Scene, Scope: a.Scope, Method: a.Method, Expires: a.Expires, Fields: a.Fields,
		ServiceItems: a.ServiceItems, Purposes: a.Purposes, RatePerSecond: a.RatePerSecond, DailyQuota: a.DailyQuota, Renews: a.Renews,
	}
	for _, operation := range a.Operations {
		t.Operations = append(t.Operations, gateway.Operation(operation))
	}
	for _, h := range a.Hours {
		t.Hours = append(t.Hours, policies.Hours{Days: h.Days, From: h.From, Until: h.Until})
	}
	for _, text := range a.Networks {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return grants.Terms{}, invalid(prefix+"/networks", "Each is a network in CIDR form.")
		}
		t.Networks = append(t.Networks, network)
	}
	return t, nil
}

func application(t grants.Terms) Application {
	a := Application{
		System: t.System, Item: t.Item, ItemVersion: t.ItemVersion, LegalProvision: t.LegalProvision,
		Scene: t.Scene, Scope: t.Scope, Method: t.Method, Expires: t.Expires, Fields: t.Fields,
		ServiceItems: t.ServiceItems, Purposes: t.Purposes, RatePerSecond: t.RatePerSecond, DailyQuota: t.DailyQuota, Renews: t.Renews,
	}
	for _, operation := range t.Operations {
		a.Operations = append(a.Operations, Operation(operation))
	}
	for _, h := range t.Hours {
		a.Hours = append(a.Hours, HoursOfUse{Days: h.Days, From: h.From, Until: h.Until})
	}
	for _, network := range t.Networks {
		a.Networks = append(a.Networks, network.String())
	}
	return a
}
