package httpapi

import (
	"context"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/exchange"
	"kapok/gateway/publishing"
	"kapok/policies"
)

// Explanations decide a question as the path would, and record nothing.
type Explanations interface {
	Explain(ctx context.Context, q exchange.Question) (policies.Decision, error)
}

// ExplainDecision says what would be decided and why. Departments ask about themselves.
func (h handlers) ExplainDecision(ctx context.Context, request ExplainDecisionRequestObject) (ExplainDecisionResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	system, known := h.catalog().System(body.System)
	if known && !holds(v.session, RoleBureau, RoleAuditor) && system.Department != h.worker(v.session).Department {
		return nil, gateway.Fail(gateway.Forbidden, "not-your-system", "Only the bureau and auditors ask about another department's system.")
	}
	decision, err := h.explanations.Explain(ctx, exchange.Question{
		System: body.System, Item: body.Item, Fields: body.Fields, Operation: gateway.Operation(body.Operation),
		ServiceItem: body.ServiceItem, Purpose: body.Purpose, CaseNo: "explained",
		BasisKind: basis.Kind(body.BasisKind), CaseBound: body.CaseBound,
	})
	if err != nil {
		return nil, err
	}
	return ExplainDecision200JSONResponse(explained(decision)), nil
}

func explained(d policies.Decision) DecisionExplained {
	shown := DecisionExplained{
		Allowed: d.Allowed, Code: d.Code, Excess: d.Excess, Obligations: d.Obligations, Grant: d.Grant, PolicySet: d.PolicySet,
		RemedyZh: d.Remedy.Zh, RemedyEn: d.Remedy.En,
	}
	for _, reason := range d.Reasons {
		shown.Reasons = append(shown.Reasons, Reason{Policy: reason.Policy, Zh: reason.Zh, En: reason.En})
	}
	for _, step := range d.Remedy.Steps {
		shown.Steps = append(shown.Steps, DecisionStep{Do: DecisionStepDo(step.Do), Fields: step.Fields})
	}
	return shown
}

// StartReplay has a changed set decide again what was decided.
func (h handlers) StartReplay(ctx context.Context, request StartReplayRequestObject) (StartReplayResponseObject, error) {
	ctx, v := unwrap(ctx)
	files, err := namedTexts(request.Body.Files)
	if err != nil {
		return nil, err
	}
	r, err := h.publishing.StartReplay(ctx, h.publisher(v.session), files, request.Body.SinceDays)
	if err != nil {
		return nil, err
	}
	return StartReplay202JSONResponse(policyReplay(r)), nil
}

// GetReplay shows how far a replay is, and its report.
func (h handlers) GetReplay(ctx context.Context, request GetReplayRequestObject) (GetReplayResponseObject, error) {
	ctx, _ = unwrap(ctx)
	r, err := h.replays.Replay(ctx, request.ID)
	if err != nil {
		return nil, err
	}
	return GetReplay200JSONResponse(policyReplay(r)), nil
}

func policyReplay(r publishing.Replay) PolicyReplay {
	return PolicyReplay{
		ID: r.ID, State: PolicyReplayState(r.State), Digest: r.Digest, Based: r.Based, Since: r.Since,
		RequestedBy: r.RequestedBy, RequestedAt: r.RequestedAt, Report: r.Report, ReportDigest: r.ReportDigest,
	}
}
