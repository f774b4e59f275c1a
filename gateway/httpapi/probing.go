package httpapi

import (
	"context"

	"kapok/gateway/predicate"
)

// ListProbing shows which departments put tests that looked like a search for a value.
func (h handlers) ListProbing(ctx context.Context, _ ListProbingRequestObject) (ListProbingResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.rules.Probing(ctx, h.now().Add(-predicate.Window))
	if err != nil {
		return nil, err
	}
	listed := ProbingList{Probing: []Probing{}}
	for _, one := range found {
		listed.Probing = append(listed.Probing, Probing{
			Department: h.names.department(one.Department), Item: h.names.item(one.Item), Field: one.Field,
			Persons: one.Persons, Refused: one.Refused, Last: one.Last,
		})
	}
	return ListProbing200JSONResponse(listed), nil
}
