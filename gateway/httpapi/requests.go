package httpapi

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/exchange"
	"kapok/gateway/safe"
)

// askConsent and getConsentState are signed calls, as an exchange is.
func (a *api) askConsent(c *gin.Context) { a.serveSigned(c, a.exchanges.AskConsent) }

func (a *api) getConsentState(c *gin.Context) {
	a.serveSigned(c, func(ctx context.Context, call exchange.Call) (exchange.Release, error) {
		return a.exchanges.ConsentState(ctx, call, c.Param("id"))
	})
}

// listErasures and attestErasure are signed calls as well.
func (a *api) listErasures(c *gin.Context) { a.serveSigned(c, a.exchanges.ToErase) }

func (a *api) attestErasure(c *gin.Context) {
	body, err := readBody(c)
	if err == nil {
		err = a.exchanges.AttestErasure(c.Request.Context(), a.call(c, body), c.Param("id"))
	}
	if err != nil {
		writeProblem(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// ListOverdueErasures shows the bureau who has not erased in time.
func (h handlers) ListOverdueErasures(ctx context.Context, _ ListOverdueErasuresRequestObject) (ListOverdueErasuresResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.safe.Overdue(ctx)
	if err != nil {
		return nil, err
	}
	return ListOverdueErasures200JSONResponse{Erasures: h.names.erasures(found)}, nil
}

func (n names) erasures(found []safe.Erasure) []Erasure {
	listed := []Erasure{}
	for _, e := range found {
		one := Erasure{
			BasisID: e.BasisID, System: n.system(e.System), OrderedAt: e.OrderedAt.UTC(), DueAt: e.Due.UTC(),
			Overdue: !e.EscalatedAt.IsZero(), Answer: string(e.Answer), LegalProvision: e.Law,
		}
		if !e.AnsweredAt.IsZero() {
			one.AnsweredAt = e.AnsweredAt.UTC()
		}
		if e.Answer == safe.RetainedByLaw {
			one.RetainUntil = e.RetainUntil.UTC()
		}
		listed = append(listed, one)
	}
	return listed
}

// ListMyRequests lists what waits for the citizen's answer.
func (h handlers) ListMyRequests(ctx context.Context, _ ListMyRequestsRequestObject) (ListMyRequestsResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, notices, err := h.safe.Waiting(ctx, citizenOf(v.session))
	if err != nil {
		return nil, err
	}
	listed := ConsentRequestList{Requests: []WaitingRequest{}}
	for i, r := range found {
		listed.Requests = append(listed.Requests, h.names.waiting(r, notices[i]))
	}
	return ListMyRequests200JSONResponse(listed), nil
}

func (n names) waiting(r safe.Request, notice safe.Notice) WaitingRequest {
	d := r.Draft
	return WaitingRequest{
		ID: d.ID, Kind: string(d.Kind), State: string(r.State), Department: n.department(d.Department), System: n.system(d.System),
		Item: n.item(d.Item), Fields: n.fields(d.Item, d.Fields), Optional: d.Optional, Sensitive: d.Sensitive,
		Operation: Operation(d.Operations[0]), ServiceItem: n.serviceItem(d.ServiceItem), Purpose: n.purpose(d.Purpose), CaseNo: d.CaseNo,
		Expires: d.Expires, EraseAt: d.EraseAt, MaxUses: d.MaxUses, MaxUsesPerDay: d.PerDay,
		Required: d.Necessity.Required, Alternative: d.Necessity.Alternative, Automated: d.Automated.Explanation,
		AskedAt: r.AskedAt.UTC(), LapsesAt: r.Lapses.UTC(), Notice: shownNotice(notice),
	}
}

// GrantRequest makes what was asked an access basis in force.
func (h handlers) GrantRequest(ctx context.Context, request GrantRequestRequestObject) (GrantRequestResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	granted, err := h.safe.GrantRequest(ctx, citizenOf(v.session), request.ID, safe.Consented{
		NoticeSM3: body.NoticeSM3, Separate: body.Separate, Optional: body.Optional,
		Assertion: h.steppedFor(v.session, body.NoticeSM3),
	})
	if err != nil {
		return nil, err
	}
	return GrantRequest201JSONResponse(h.names.basis(granted, basis.Active)), nil
}

// RefuseRequest ends what was asked.
func (h handlers) RefuseRequest(ctx context.Context, request RefuseRequestRequestObject) (RefuseRequestResponseObject, error) {
	ctx, v := unwrap(ctx)
	return RefuseRequest204Response{}, h.safe.RefuseRequest(ctx, citizenOf(v.session), request.ID)
}

// DeferRequest lets what was asked wait.
func (h handlers) DeferRequest(ctx context.Context, request DeferRequestRequestObject) (DeferRequestResponseObject, error) {
	ctx, v := unwrap(ctx)
	return DeferRequest204Response{}, h.safe.DeferRequest(ctx, citizenOf(v.session), request.ID)
}

// ProposeEmergency keeps an emergency access until a second person approves it.
func (h handlers) ProposeEmergency(ctx context.Context, request ProposeEmergencyRequestObject) (ProposeEmergencyResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	identity, err := gateway.ParseIdentity(gateway.IdentityType(body.Subject.IDType), body.Subject.IDNumber)
	if err != nil {
		return nil, invalid("/subject", err.Error())
	}
	subject, err := h.subjects.SubjectRef(ctx, identity)
	if err != nil {
		return nil, err
	}
	proposed, err := h.safe.Propose(ctx, staffOf(v.session), subject, safe.Wanted{
		Department: body.Department, System: body.System, Item: body.Item, Fields: body.Fields,
		Operation: gateway.Operation(body.Operation), ServiceItem: body.ServiceItem, Purpose: body.Purpose, Expires: body.Expires,
	}, safe.Urgent{Incident: body.Incident, Reason: body.Reason, Provision: body.LegalProvision, DestroyBy: body.DestroyBy})
	if err != nil {
		return nil, err
	}
	return ProposeEmergency201JSONResponse{ID: proposed.Draft.ID, State: string(proposed.State), LapsesAt: proposed.Lapses.UTC()}, nil
}

// ApproveEmergency is the second person's word.
func (h handlers) ApproveEmergency(ctx context.Context, request ApproveEmergencyRequestObject) (ApproveEmergencyResponseObject, error) {
	ctx, v := unwrap(ctx)
	approved, err := h.safe.Approve(ctx, staffOf(v.session), request.ID)
	if err != nil {
		return nil, err
	}
	return ApproveEmergency200JSONResponse(h.names.basis(approved, basis.Active)), nil
}

// GovernBasis is what the bureau does to a basis that no person gave.
func (h handlers) GovernBasis(ctx context.Context, request GovernBasisRequestObject) (GovernBasisResponseObject, error) {
	ctx, v := unwrap(ctx)
	held, err := h.safe.Govern(ctx, staffOf(v.session), request.ID, basis.Event(request.Body.Event), request.Body.Reason)
	if err != nil {
		return nil, err
	}
	return GovernBasis200JSONResponse(h.names.basis(held.Basis, held.State)), nil
}
