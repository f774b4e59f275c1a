package httpapi

import (
	"context"
	"net/http"
	"strings"

	"kapok/gateway/ledger"
	"kapok/gateway/returns"
)

// ProposeReturnAct keeps what somebody wants done with a delivery.
func (h handlers) ProposeReturnAct(ctx context.Context, request ProposeReturnActRequestObject) (ProposeReturnActResponseObject, error) {
	ctx, v := unwrap(ctx)
	p, err := h.returnActs.Propose(ctx, request.Body.Delivery, returns.Act(request.Body.Act), v.session.Subject, request.Body.Reason)
	return ProposeReturnAct201JSONResponse(returnProposal(p)), err
}

// DecideReturnProposal confirms, rejects or withdraws.
func (h handlers) DecideReturnProposal(ctx context.Context, request DecideReturnProposalRequestObject) (DecideReturnProposalResponseObject, error) {
	ctx, v := unwrap(ctx)
	p, err := h.returnActs.Decide(ctx, request.ID, returns.ProposalState(request.Body.Event), v.session.Subject)
	return DecideReturnProposal200JSONResponse(returnProposal(p)), err
}

// ListReturnProposals lists what was proposed.
func (h handlers) ListReturnProposals(ctx context.Context, request ListReturnProposalsRequestObject) (ListReturnProposalsResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.returnActs.Proposals(ctx, limit(request.Params.Limit))
	listed := ReturnProposalList{Proposals: []ReturnProposal{}}
	for _, p := range found {
		listed.Proposals = append(listed.Proposals, returnProposal(p))
	}
	return ListReturnProposals200JSONResponse(listed), err
}

func returnProposal(p returns.Proposal) ReturnProposal {
	return ReturnProposal{
		Proposal: p.ID, Delivery: p.Delivery, Act: ReturnProposalAct(p.Act), Reason: p.Reason, State: ReturnProposalState(p.State),
		ProposedBy: p.Actor, ProposedAt: p.At.UTC(), DecidedBy: p.Second, DecidedAt: p.Decided,
	}
}

// ApplyForReturn keeps an application for a dataset.
func (h handlers) ApplyForReturn(ctx context.Context, request ApplyForReturnRequestObject) (ApplyForReturnResponseObject, error) {
	ctx, v := unwrap(ctx)
	kept, err := h.returnActs.Apply(ctx, returns.Application{
		Dataset: request.Body.Dataset, Actor: v.session.Subject, Purpose: request.Body.Purpose, Matters: request.Body.ServiceItems,
	})
	return ApplyForReturn201JSONResponse(returnApplication(kept)), err
}

// ListReturnApplications lists what was applied for.
func (h handlers) ListReturnApplications(ctx context.Context, request ListReturnApplicationsRequestObject) (ListReturnApplicationsResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.returnActs.Applications(ctx, limit(request.Params.Limit))
	listed := ReturnApplicationList{Applications: []ReturnApplication{}}
	for _, one := range found {
		listed.Applications = append(listed.Applications, returnApplication(one))
	}
	return ListReturnApplications200JSONResponse(listed), err
}

func returnApplication(a returns.Application) ReturnApplication {
	return ReturnApplication{
		Application: a.ID, Dataset: a.Dataset, Purpose: a.Purpose, ServiceItems: append([]string{}, a.Matters...),
		AppliedBy: a.Actor, AppliedAt: a.At.UTC(), Delivery: a.Delivered,
	}
}

// GetReturnReceipt hands out the proof of what last befell a delivery.
func (h handlers) GetReturnReceipt(ctx context.Context, request GetReturnReceiptRequestObject) (GetReturnReceiptResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, err := h.record.Find(ctx, request.ID)
	if err != nil {
		return nil, err
	}
	for i := len(found) - 1; i >= 0; i-- {
		if strings.HasPrefix(string(found[i].Entry.Kind), "return-propos") {
			continue // nothing befell it yet
		}
		if err := h.recordReading(ctx, v, "return-receipt", 1, ledger.Field{Name: "delivery", Value: request.ID}); err != nil {
			return nil, err
		}
		sealed, err := ledger.SealedAt(ctx, h.record, found[i].Origin, found[i].Index)
		if err != nil {
			return nil, err
		}
		receipt, err := sealed.Receipt(nil)
		return rawJSON(receipt), err
	}
	return nil, orNoReceipt(nil)
}

// VisitGetReturnReceiptResponse writes the receipt.
func (r rawJSON) VisitGetReturnReceiptResponse(w http.ResponseWriter) error { return r.write(w) }
