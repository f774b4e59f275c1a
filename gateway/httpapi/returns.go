package httpapi

import (
	"context"
	"io"

	"kapok/gateway/returns"
)

// Returns is data returned in batches: what is known of it.
type Returns interface {
	Deliveries(ctx context.Context, dataset string, limit int) ([]returns.Delivery, error)
	Delivery(ctx context.Context, id string) (returns.Delivery, error) // NotFound, return-unknown
	Progress(ctx context.Context, id string) (returns.Progress, error)
}

// Importing takes deliveries in. What it returns without an error is durable; acts are in
// the ledger.
type Importing interface {
	Dataset(code string) (*returns.Dataset, error)
	Receive(ctx context.Context, document []byte, signature, actor string) (returns.Delivery, string, error)
	Uploads(ctx context.Context, d returns.Delivery) ([]returns.Upload, error)
	Uploaded(ctx context.Context, id, name string) (returns.Upload, error)
	Append(ctx context.Context, id, name string, offset int64, body io.Reader) (returns.Upload, error)
}

// ReturnActs are what two persons decide on deliveries, and what is applied for.
type ReturnActs interface {
	Propose(ctx context.Context, id string, act returns.Act, actor, reason string) (returns.Proposal, error)
	Decide(ctx context.Context, id string, state returns.ProposalState, actor string) (returns.Proposal, error)
	Proposals(ctx context.Context, limit int) ([]returns.Proposal, error)
	Apply(ctx context.Context, a returns.Application) (returns.Application, error)
	Applications(ctx context.Context, limit int) ([]returns.Application, error)
}

// returnsListed is how many deliveries one page has.
const returnsListed = 50

// ListReturns lists the deliveries, the latest first.
func (h handlers) ListReturns(ctx context.Context, _ ListReturnsRequestObject) (ListReturnsResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.returns.Deliveries(ctx, "", returnsListed)
	if err != nil {
		return nil, err
	}
	listed := ReturnList{Deliveries: []ReturnDelivery{}}
	for _, one := range found {
		shown, err := h.delivery(ctx, one)
		if err != nil {
			return nil, err
		}
		listed.Deliveries = append(listed.Deliveries, shown)
	}
	return ListReturns200JSONResponse(listed), nil
}

// GetReturn shows one delivery, how far it came and what was found.
func (h handlers) GetReturn(ctx context.Context, request GetReturnRequestObject) (GetReturnResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.returns.Delivery(ctx, request.ID)
	if err != nil {
		return nil, err
	}
	shown, err := h.delivery(ctx, found)
	return GetReturn200JSONResponse(shown), err
}

// delivery shows one as it stands, with its files while they are awaited.
func (h handlers) delivery(ctx context.Context, d returns.Delivery) (ReturnDelivery, error) {
	landed, err := h.landed(ctx, d)
	if err != nil {
		return ReturnDelivery{}, err
	}
	shown := returned(d, landed)
	if d.State != returns.Received {
		return shown, nil
	}
	uploads, err := h.importing.Uploads(ctx, d)
	for _, one := range uploads {
		shown.Files = append(shown.Files, ReturnFile{Name: one.File.Name, Size: one.File.Size, Arrived: one.Offset})
	}
	return shown, err
}

// landed is how many rows are durable.
func (h handlers) landed(ctx context.Context, d returns.Delivery) (int64, error) {
	switch d.State {
	case returns.Received:
		progress, err := h.returns.Progress(ctx, d.ID)
		return progress.Landed, err
	case returns.Refused, returns.Destroyed:
		return 0, nil
	default:
		return d.Manifest.Rows(), nil
	}
}

func returned(d returns.Delivery, landed int64) ReturnDelivery {
	shown := ReturnDelivery{
		Delivery: d.ID, Dataset: d.Manifest.Dataset, Version: d.Manifest.Version,
		Kind: ReturnDeliveryKind(d.Manifest.Kind), State: ReturnDeliveryState(d.State), Since: d.Since.UTC(),
		AsOf: d.Manifest.AsOf.UTC(), KeepUntil: d.Manifest.KeepUntil.UTC(), Rows: d.Manifest.Rows(), Landed: landed,
	}
	if d.Report != nil {
		shown.Report = ReturnReport{Content: d.Report.Content, Rows: d.Report.Rows, Persons: d.Report.Persons}
		if c := d.Report.Changes; c != nil {
			shown.Report.Changes = ReturnChanges{Added: c.Added, Removed: c.Removed, Changed: c.Changed, Same: c.Same}
		}
	}
	if d.Findings != nil {
		shown.MoreFindings = d.Findings.More
		for _, one := range d.Findings.List {
			shown.Findings = append(shown.Findings, ReturnFinding{File: one.File, Line: one.Line, Field: one.Field, Rule: one.Rule})
		}
	}
	return shown
}
