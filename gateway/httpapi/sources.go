package httpapi

import (
	"context"

	"kapok/connectors/guard"
	"kapok/gateway/postgres"
)

// Violations list what sources break of the catalogue.
type Violations interface {
	OpenViolations(ctx context.Context) ([]postgres.OpenViolation, error)
}

// ListSources shows how sources do, and what they break.
func (h handlers) ListSources(ctx context.Context, _ ListSourcesRequestObject) (ListSourcesResponseObject, error) {
	ctx, _ = unwrap(ctx)
	open, err := h.violations.OpenViolations(ctx)
	if err != nil {
		return nil, err
	}
	listed := SourceList{Sources: []SourceHealth{}, Violations: []SourceViolation{}}
	for _, measured := range h.sources() {
		listed.Sources = append(listed.Sources, sourceHealth(measured))
	}
	for _, v := range open {
		listed.Violations = append(listed.Violations, SourceViolation{
			Item: h.names.item(v.Item), Source: v.Source, Field: v.Field, Rule: SourceViolationRule(v.Rule),
			Provider: h.names.department(v.Provider), FirstSeen: v.At, LastSeen: v.LastSeen, Times: v.Times, Matter: v.Matter,
		})
	}
	return ListSources200JSONResponse(listed), nil
}

func sourceHealth(h guard.Health) SourceHealth {
	shown := SourceHealth{
		ID: h.ID, State: SourceHealthState(h.State), Since: h.Since, Calls: h.Calls, Failures: h.Failures,
		Availability: float32(h.Availability()), P50Ms: h.P50.Milliseconds(), P95Ms: h.P95.Milliseconds(),
		LastSuccess: h.LastSuccess, LastFailure: h.LastFailure, LastFault: h.LastFault,
		PromisedAvailability: float32(h.Promise.Availability), PromisedP95Ms: h.Promise.P95.Milliseconds(),
		PromiseKept: h.Kept(), Windows: []SourceWindow{},
	}
	for _, window := range h.Windows {
		shown.Windows = append(shown.Windows, SourceWindow{From: window.From, Until: window.Until, Reason: window.Reason})
	}
	return shown
}
