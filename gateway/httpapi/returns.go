package httpapi

import (
	"context"

	"kapok/gateway/returns"
)

// Returns is what is known of data returned in batches.
type Returns interface {
	Deliveries(ctx context.Context, dataset string, limit int) ([]returns.Delivery, error)
	Delivery(ctx context.Context, id string) (returns.Delivery, error) // NotFound, return-unknown
	Progress(ctx context.Context, id string) (returns.Progress, error)
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
		landed, err := h.landed(ctx, one)
		if err != nil {
			return nil, err
		}
		listed.Deliveries = append(listed.Deliveries, returned(one, landed))
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
	landed, err := h.landed(ctx, found)
	if err != nil {
		return nil, err
	}
	return GetReturn200JSONResponse(returned(found, landed)), nil
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
