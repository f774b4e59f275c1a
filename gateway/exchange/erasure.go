package exchange

import (
	"context"
	"net/http"
	"time"

	"kapok/gateway"
)

// Erasures tells systems what to erase, and takes what they sign about it.
type Erasures interface {
	ToErase(ctx context.Context, system string) ([]EraseOrder, error)
	AttestErasure(ctx context.Context, basisID string, a ErasureAttested) error
}

// EraseOrder is the STOP that a recipient gets when a basis has ended.
type EraseOrder struct {
	BasisID   string    `json:"basis_id"`
	OrderedAt time.Time `json:"ordered_at"`
	Due       time.Time `json:"due_at"`
	Overdue   bool      `json:"overdue"`
}

// ErasureAttested is the body of POST /v1/erasures/{id}. The signature of the call is
// the recipient's signature under it.
type ErasureAttested struct {
	Answer    string    `json:"answer"`
	Provision string    `json:"legal_provision"`
	Until     time.Time `json:"until"`

	Caller Caller `json:"-"`
}

type eraseOrders struct {
	Erasures []EraseOrder `json:"erasures"`
	Chain    [][]byte     `json:"chain"`
}

// ToErase tells a system what it still has to erase. Its answer is signed.
func (s *Service) ToErase(ctx context.Context, call Call) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	caller, err := s.admitAsking(ctx, call)
	if err != nil {
		s.recordUnadmitted(ctx, call.TraceID, "erasures", err)
		return Release{}, err
	}
	orders, err := s.erasures.ToErase(ctx, caller.System)
	if err != nil {
		return Release{System: caller.System}, err
	}
	signing := s.signing()
	body, err := encode(eraseOrders{Erasures: orders, Chain: signing.Chain})
	if err != nil {
		return Release{System: caller.System}, err
	}
	header, _, err := s.signAnswer(ctx, u, body, signing)
	return Release{Status: http.StatusOK, Header: header, Body: body, System: caller.System}, err
}

// AttestErasure takes what a recipient says became of the data. It says so once.
func (s *Service) AttestErasure(ctx context.Context, call Call, basisID string) error {
	caller, err := s.admitAsking(ctx, call)
	if err != nil {
		s.recordUnadmitted(ctx, call.TraceID, "erasures", err)
		return err
	}
	var told ErasureAttested
	if err := decodeStrictly(call.Body, &told); err != nil {
		return err
	}
	told.Caller = caller
	return s.erasures.AttestErasure(ctx, basisID, told)
}
