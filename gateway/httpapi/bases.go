package httpapi

import (
	"context"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/safe"
)

// ListMyBases lists the consents that the citizen gave.
func (h handlers) ListMyBases(ctx context.Context, request ListMyBasesRequestObject) (ListMyBasesResponseObject, error) {
	ctx, v := unwrap(ctx)
	held, next, err := h.bases.BasesOf(ctx, v.session.SubjectRef, request.Params.Cursor, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	listed := BasisList{Bases: []Basis{}, Next: next}
	for _, one := range held {
		listed.Bases = append(listed.Bases, h.names.basis(one.Basis, one.Basis.StateAt(one.State, h.now())))
	}
	return ListMyBases200JSONResponse(listed), nil
}

// ShowNotice words what the citizen reads before a consent.
func (h handlers) ShowNotice(ctx context.Context, request ShowNoticeRequestObject) (ShowNoticeResponseObject, error) {
	ctx, _ = unwrap(ctx)
	notice, err := h.safe.Notice(ctx, wanted(*request.Body))
	if err != nil {
		return nil, err
	}
	return ShowNotice200JSONResponse(shownNotice(notice)), nil
}

func shownNotice(n safe.Notice) Notice {
	return Notice{ID: n.ID, Version: n.Version, Language: n.Language, Text: n.Text, SM3: n.SM3}
}

// GrantBasis gives a consent, after the notice of the same terms.
func (h handlers) GrantBasis(ctx context.Context, request GrantBasisRequestObject) (GrantBasisResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	terms := ConsentTerms{
		Department: body.Department, System: body.System, Item: body.Item, Fields: body.Fields, Operation: body.Operation,
		ServiceItem: body.ServiceItem, Purpose: body.Purpose, CaseNo: body.CaseNo, Expires: body.Expires, Separate: body.Separate,
		MaxUses: body.MaxUses, MaxUsesPerDay: body.MaxUsesPerDay, Template: body.Template,
	}
	granted, err := h.safe.Consent(ctx, citizenOf(v.session), wanted(terms), body.NoticeSM3)
	if err != nil {
		return nil, err
	}
	return GrantBasis201JSONResponse(h.names.basis(granted, basis.Active)), nil
}

// WithdrawBasis ends a consent; what follows is refused on every node.
func (h handlers) WithdrawBasis(ctx context.Context, request WithdrawBasisRequestObject) (WithdrawBasisResponseObject, error) {
	ctx, v := unwrap(ctx)
	if err := h.safe.Withdraw(ctx, citizenOf(v.session), request.ID); err != nil {
		return nil, err
	}
	return WithdrawBasis204Response{}, nil
}

// OpenStatutoryBasis records a duty laid down by law.
func (h handlers) OpenStatutoryBasis(ctx context.Context, request OpenStatutoryBasisRequestObject) (OpenStatutoryBasisResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	opened, err := h.safe.Register(ctx, staffOf(v.session), safe.Wanted{
		Department: body.Department, System: body.System, Item: body.Item, Fields: body.Fields,
		Operation: gateway.Operation(body.Operation), ServiceItem: body.ServiceItem, Purpose: body.Purpose, Expires: body.Expires,
	}, body.LegalProvision)
	if err != nil {
		return nil, err
	}
	return OpenStatutoryBasis201JSONResponse(h.names.basis(opened, basis.Active)), nil
}

func wanted(t ConsentTerms) safe.Wanted {
	return safe.Wanted{
		Department: t.Department, System: t.System, Item: t.Item, Fields: t.Fields, Operation: gateway.Operation(t.Operation),
		ServiceItem: t.ServiceItem, Purpose: t.Purpose, CaseNo: t.CaseNo, Expires: t.Expires, Separate: t.Separate,
		MaxUses: t.MaxUses, PerDay: t.MaxUsesPerDay, Template: t.Template,
	}
}
