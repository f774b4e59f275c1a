package httpapi

import (
	"context"
	"net/http"
)

// GetConsistency proves to a witness that a log continues what it was.
func (h handlers) GetConsistency(ctx context.Context, request GetConsistencyRequestObject) (GetConsistencyResponseObject, error) {
	ctx, _ = unwrap(ctx)
	proved, err := h.record.Consistency(ctx, request.Params.Origin, uint64(request.Params.From))
	if err != nil {
		return nil, err
	}
	return rawJSON(proved.Encode()), nil
}

// VisitGetConsistencyResponse writes the proof.
func (r rawJSON) VisitGetConsistencyResponse(w http.ResponseWriter) error { return r.write(w) }
