package httpapi

import (
	"context"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/mandates"
	"kapok/gateway/postgres"
	"kapok/gateway/safe"
)

// Mandates lets people act for others. What it returns without an error is durable and in
// the ledger.
type Mandates interface {
	Notice(person mandates.Person, w mandates.Wish) (text, digest string, err error)
	Appoint(ctx context.Context, person mandates.Person, w mandates.Wish, digest string) (mandates.Mandate, error)
	Register(ctx context.Context, by gateway.Account, ward mandates.Ward, evidence string, w mandates.Wish) (mandates.Mandate, error)
	Confirm(ctx context.Context, by gateway.Account, id string) (mandates.Mandate, error)
	Proposed(ctx context.Context) ([]mandates.Mandate, error)
	Of(ctx context.Context, person mandates.Person) ([]mandates.Mandate, error)
	End(ctx context.Context, person mandates.Person, id string) error
	Revoke(ctx context.Context, id string) error
	Acting(ctx context.Context, person mandates.Person, id string, power mandates.Power) (mandates.Mandate, error)
}

func (h handlers) mandating(session *postgres.Session) mandates.Person {
	return mandates.Person{Ref: session.SubjectRef, Level: session.AuthLevel, Assertion: func(digest string) string { return h.steppedFor(session, digest) }}
}

// ListMyMandates lists those that a person gave and those that they hold.
func (h handlers) ListMyMandates(ctx context.Context, _ ListMyMandatesRequestObject) (ListMyMandatesResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, err := h.mandates.Of(ctx, h.mandating(v.session))
	return ListMyMandates200JSONResponse{Mandates: h.mandateList(found, v.session.SubjectRef)}, err
}

func (h handlers) mandateList(found []mandates.Mandate, reader string) []Mandate {
	listed := []Mandate{}
	for _, m := range found {
		listed = append(listed, h.mandate(m, reader))
	}
	return listed
}

func (h handlers) mandate(m mandates.Mandate, reader string) Mandate {
	shown := Mandate{
		ID: m.ID, Kind: MandateKind(m.Kind), Side: "desk", Matters: []Named{}, Powers: []string{},
		From: m.From.UTC(), Until: m.Until.UTC(), State: MandateState(m.StateAt(h.now())), EndedBy: MandateEndedBy(m.EndedBy),
	}
	switch reader {
	case m.Principal:
		shown.Side = "principal"
	case m.Agent:
		shown.Side = "agent"
	}
	for _, matter := range m.Matters {
		shown.Matters = append(shown.Matters, h.names.serviceItem(matter))
	}
	for _, power := range m.Powers {
		shown.Powers = append(shown.Powers, string(power))
	}
	if !m.EndedAt.IsZero() {
		shown.EndedAt = m.EndedAt.UTC()
	}
	return shown
}

// ShowMandateNotice words what a person signs in for.
func (h handlers) ShowMandateNotice(ctx context.Context, request ShowMandateNoticeRequestObject) (ShowMandateNoticeResponseObject, error) {
	ctx, v := unwrap(ctx)
	w, err := h.agentWish(ctx, *request.Body)
	if err != nil {
		return nil, err
	}
	text, digest, err := h.mandates.Notice(h.mandating(v.session), w)
	return ShowMandateNotice200JSONResponse{ID: "mandate", Version: "1", Language: "zh-CN", Text: text, SM3: digest}, err
}

func (h handlers) agentWish(ctx context.Context, wish AgentWish) (mandates.Wish, error) {
	_, ref, err := h.identified(ctx, "/agent", wish.Agent)
	return mandates.Wish{
		Agent: ref, Named: ending(wish.Agent.IDNumber), Matters: wish.Matters, Powers: powersOf(wish.Powers), Until: wish.Until,
	}, err
}

// identified finds the reference of somebody who is named by their number. One never seen
// is made: whether the number is anybody's is not told.
func (h handlers) identified(ctx context.Context, field string, subject Subject) (gateway.Identity, string, error) {
	identity, err := gateway.ParseIdentity(gateway.IdentityType(subject.IDType), subject.IDNumber)
	if err != nil {
		return identity, "", invalid(field, err.Error())
	}
	ref, err := h.subjects.SubjectRef(ctx, identity)
	return identity, ref, err
}

// ending shows of a number what tells people apart and no more.
func ending(number string) string {
	if len(number) < 8 {
		return "(证件号码)"
	}
	return "证件号码末四位为 " + number[len(number)-4:] + " 的人"
}

func powersOf[T ~string](names []T) []mandates.Power {
	powers := make([]mandates.Power, len(names))
	for i, name := range names {
		powers[i] = mandates.Power(name)
	}
	return powers
}

// AppointAgent makes somebody a person's agent.
func (h handlers) AppointAgent(ctx context.Context, request AppointAgentRequestObject) (AppointAgentResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	_, ref, err := h.identified(ctx, "/agent", body.Agent)
	if err != nil {
		return nil, err
	}
	made, err := h.mandates.Appoint(ctx, h.mandating(v.session), mandates.Wish{
		Agent: ref, Named: ending(body.Agent.IDNumber), Matters: body.Matters, Powers: powersOf(body.Powers), Until: body.Until,
	}, body.NoticeSM3)
	if err != nil {
		return nil, err
	}
	return AppointAgent201JSONResponse(h.mandate(made, v.session.SubjectRef)), nil
}

// EndMyMandate ends a mandate for either side.
func (h handlers) EndMyMandate(ctx context.Context, request EndMyMandateRequestObject) (EndMyMandateResponseObject, error) {
	ctx, v := unwrap(ctx)
	return EndMyMandate204Response{}, h.mandates.End(ctx, h.mandating(v.session), request.ID)
}

// acting is a person under a mandate, for the safe.
func (h handlers) acting(ctx context.Context, v *visit, id string, power mandates.Power) (safe.Person, error) {
	m, err := h.mandates.Acting(ctx, h.mandating(v.session), id, power)
	if err != nil {
		return safe.Person{}, err
	}
	person := citizenOf(v.session)
	person.For, person.Mandate, person.Matters, person.AgeBand = m.Principal, m.ID, m.Matters, ""
	if m.Kind == mandates.Guardian {
		person.As = map[bool]basis.Capacity{true: basis.Minor, false: basis.Ward}[m.Minor]
	}
	return person, nil
}

// ListMandateRequests lists what waits for whom a person acts for; that they looked stands
// in the principal's record.
func (h handlers) ListMandateRequests(ctx context.Context, request ListMandateRequestsRequestObject) (ListMandateRequestsResponseObject, error) {
	ctx, v := unwrap(ctx)
	person, err := h.acting(ctx, v, request.ID, mandates.View)
	if err != nil {
		return nil, err
	}
	found, notices, err := h.safe.Waiting(ctx, person)
	if err != nil {
		return nil, err
	}
	if err := h.recordDelegated(ctx, person, "requests", len(found)); err != nil {
		return nil, err
	}
	listed := ConsentRequestList{Requests: []WaitingRequest{}}
	for i, r := range found {
		listed.Requests = append(listed.Requests, h.names.waiting(r, notices[i]))
	}
	return ListMandateRequests200JSONResponse(listed), nil
}

// GrantMandateRequest agrees for whom a person acts for.
func (h handlers) GrantMandateRequest(ctx context.Context, request GrantMandateRequestRequestObject) (GrantMandateRequestResponseObject, error) {
	ctx, v := unwrap(ctx)
	person, err := h.acting(ctx, v, request.ID, mandates.Authorise)
	if err != nil {
		return nil, err
	}
	body := *request.Body
	granted, err := h.safe.GrantRequest(ctx, person, request.Asked, safe.Consented{
		NoticeSM3: body.NoticeSM3, Separate: body.Separate, Optional: body.Optional, Assertion: h.steppedFor(v.session, body.NoticeSM3),
	})
	if err != nil {
		return nil, err
	}
	return GrantMandateRequest201JSONResponse(h.names.basis(granted, basis.Active)), nil
}

// RefuseMandateRequest refuses for whom a person acts for.
func (h handlers) RefuseMandateRequest(ctx context.Context, request RefuseMandateRequestRequestObject) (RefuseMandateRequestResponseObject, error) {
	ctx, v := unwrap(ctx)
	person, err := h.acting(ctx, v, request.ID, mandates.Authorise)
	if err != nil {
		return nil, err
	}
	return RefuseMandateRequest204Response{}, h.safe.RefuseRequest(ctx, person, request.Asked)
}

// WithdrawMandateBasis withdraws for whom a person acts for.
func (h handlers) WithdrawMandateBasis(ctx context.Context, request WithdrawMandateBasisRequestObject) (WithdrawMandateBasisResponseObject, error) {
	ctx, v := unwrap(ctx)
	person, err := h.acting(ctx, v, request.ID, mandates.Withdraw)
	if err != nil {
		return nil, err
	}
	return WithdrawMandateBasis204Response{}, h.safe.Withdraw(ctx, person, request.Basis)
}

// ListProposedMandates lists what waits for a second officer.
func (h handlers) ListProposedMandates(ctx context.Context, _ ListProposedMandatesRequestObject) (ListProposedMandatesResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.mandates.Proposed(ctx)
	return ListProposedMandates200JSONResponse{Mandates: h.mandateList(found, "")}, err
}

// RegisterGuardian is the first officer's word.
func (h handlers) RegisterGuardian(ctx context.Context, request RegisterGuardianRequestObject) (RegisterGuardianResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	ward, wardRef, err := h.identified(ctx, "/principal", body.Principal)
	if err != nil {
		return nil, err
	}
	_, guardian, err := h.identified(ctx, "/guardian", body.Guardian)
	if err != nil {
		return nil, err
	}
	born, told := ward.Born()
	if !told {
		born = time.Time{}
	}
	made, err := h.mandates.Register(ctx, officerOf(v.session), mandates.Ward{Ref: wardRef, Born: born}, body.Evidence, mandates.Wish{
		Agent: guardian, Matters: body.Matters, Powers: powersOf(body.Powers), Until: body.Until,
	})
	if err != nil {
		return nil, err
	}
	return RegisterGuardian201JSONResponse(h.mandate(made, "")), nil
}

func officerOf(session *postgres.Session) gateway.Account {
	return gateway.Account{Ref: session.Subject, SubjectRef: session.SubjectRef}
}

// ConfirmGuardian is the second officer's word.
func (h handlers) ConfirmGuardian(ctx context.Context, request ConfirmGuardianRequestObject) (ConfirmGuardianResponseObject, error) {
	ctx, v := unwrap(ctx)
	made, err := h.mandates.Confirm(ctx, officerOf(v.session), request.ID)
	if err != nil {
		return nil, err
	}
	return ConfirmGuardian200JSONResponse(h.mandate(made, "")), nil
}

// RevokeMandate ends one for the bureau.
func (h handlers) RevokeMandate(ctx context.Context, request RevokeMandateRequestObject) (RevokeMandateResponseObject, error) {
	ctx, _ = unwrap(ctx)
	return RevokeMandate204Response{}, h.mandates.Revoke(ctx, request.ID)
}
