package httpapi

import (
	"context"

	"kapok/gateway/ledger"
)

// ListCheckpoints hands out the latest signed head of each log.
func (h handlers) ListCheckpoints(ctx context.Context, _ ListCheckpointsRequestObject) (ListCheckpointsResponseObject, error) {
	ctx, _ = unwrap(ctx)
	notes, err := h.record.Checkpoints(ctx)
	if err != nil {
		return nil, err
	}
	listed := CheckpointList{Checkpoints: []Checkpoint{}}
	for _, note := range notes {
		head, err := ledger.ParseCheckpoint(note)
		if err != nil {
			return nil, err
		}
		listed.Checkpoints = append(listed.Checkpoints, Checkpoint{
			Origin: head.Origin, Size: int64(head.Size), Sealed: head.Sealed, Note: note,
		})
	}
	return ListCheckpoints200JSONResponse(listed), nil
}

// GetTrust hands out the bundle that verifiers pin.
func (h handlers) GetTrust(context.Context, GetTrustRequestObject) (GetTrustResponseObject, error) {
	return rawJSON(h.trust), nil
}
