package httpapi

import (
	"context"
	"time"

	"kapok/crypto/jose"
	"kapok/gateway/enrolling"
	"kapok/gateway/exchange"
	"kapok/gateway/postgres"
)

// keeper is who is signed in, as one who looks after keys.
func (h handlers) keeper(session *postgres.Session) enrolling.Person {
	worker := h.worker(session)
	return enrolling.Person{Account: worker.Account(), Department: worker.Department, Roles: worker.Roles}
}

// ListSystemKeys lists a system's keys, and what was asked for.
func (h handlers) ListSystemKeys(ctx context.Context, request ListSystemKeysRequestObject) (ListSystemKeysResponseObject, error) {
	ctx, v := unwrap(ctx)
	keys, requests, err := h.keys.Keys(ctx, h.keeper(v.session), request.Params.System)
	if err != nil {
		return nil, err
	}
	listed := SystemKeyList{Keys: []SystemKey{}, Requests: []SystemKeyRequest{}}
	for _, k := range keys {
		listed.Keys = append(listed.Keys, SystemKey{Key: k.KeyID, From: k.From, Until: k.Until, State: stateOfKey(k, h.now())})
	}
	for _, r := range requests {
		listed.Requests = append(listed.Requests, h.keyRequest(r))
	}
	return ListSystemKeys200JSONResponse(listed), nil
}

func stateOfKey(k exchange.SystemKey, now time.Time) SystemKeyState {
	switch {
	case k.Revoked:
		return SystemKeyStateRevoked
	case now.Before(k.From):
		return SystemKeyStateWaiting
	case !k.Until.IsZero() && !now.Before(k.Until):
		return SystemKeyStateEnded
	default:
		return SystemKeyStateInForce
	}
}

// ProposeSystemKey keeps a key for a second person to confirm.
func (h handlers) ProposeSystemKey(ctx context.Context, request ProposeSystemKeyRequestObject) (ProposeSystemKeyResponseObject, error) {
	ctx, v := unwrap(ctx)
	body := *request.Body
	r, err := h.keys.Propose(ctx, h.keeper(v.session), enrolling.Wish{
		System: body.System, Proof: body.Proof, From: body.From, Until: body.Until,
		Key: jose.JWK{
			KeyType: string(body.Key.Kty), Curve: string(body.Key.Crv), X: body.Key.X, Y: body.Key.Y,
			KeyID: body.Key.Kid, Alg: string(body.Key.Alg), Use: string(body.Key.Use),
		},
		Replaces: body.Replaces, Overlap: time.Duration(body.OverlapHours) * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	return ProposeSystemKey201JSONResponse(h.keyRequest(r)), nil
}

// DecideKeyRequest confirms, rejects or withdraws.
func (h handlers) DecideKeyRequest(ctx context.Context, request DecideKeyRequestRequestObject) (DecideKeyRequestResponseObject, error) {
	ctx, v := unwrap(ctx)
	r, err := h.keys.Decide(ctx, h.keeper(v.session), request.ID, enrolling.State(request.Body.Event))
	if err != nil {
		return nil, err
	}
	return DecideKeyRequest200JSONResponse(h.keyRequest(r)), nil
}

// RevokeSystemKey ends a key on every node.
func (h handlers) RevokeSystemKey(ctx context.Context, request RevokeSystemKeyRequestObject) (RevokeSystemKeyResponseObject, error) {
	ctx, v := unwrap(ctx)
	if err := h.keys.Revoke(ctx, h.keeper(v.session), request.Key); err != nil {
		return nil, err
	}
	return RevokeSystemKey204Response{}, nil
}

func (h handlers) keyRequest(r enrolling.Request) SystemKeyRequest {
	return SystemKeyRequest{
		ID: r.ID, System: h.names.system(r.System), Key: r.KeyID(), From: r.From, Until: r.Until,
		Replaces: r.Replaces, OverlapHours: int(r.Overlap / time.Hour), State: SystemKeyRequestState(r.State),
		ProposedBy: r.ProposedBy.Ref, ProposedAt: r.ProposedAt, DecidedBy: r.DecidedBy.Ref, DecidedAt: r.DecidedAt,
	}
}
