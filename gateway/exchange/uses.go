package exchange

import (
	"context"

	"kapok/gateway"
)

// reserveUse takes one of the uses of a basis that has only so many, before the intent.
func (s *Service) reserveUse(ctx context.Context, u *use) error {
	b := u.resolved.Basis
	if b.MaxUses == 0 && b.PerDay == 0 {
		return nil
	}
	within, err := s.uses.ReserveBasisUse(ctx, b, u.ref, beijingDay(s.now()), s.now())
	if err != nil {
		return gateway.Fail(gateway.Unavailable, "store-unavailable", "The uses of the access basis could not be counted; try again.").Because(err)
	}
	if !within {
		failure := gateway.Fail(gateway.Forbidden, "basis-exhausted", "Every use that the access basis allows is used up, or is on its way.")
		failure.Remedy = "Ask for a new access basis; one that allows so many a day can be used again tomorrow."
		return failure
	}
	u.reserved = true
	return nil
}

// returnUse gives a use back when its exchange ended without a release. What cannot be
// given back now, a job gives back, by what the ledger says.
func (s *Service) returnUse(ctx context.Context, u *use) {
	if !u.reserved {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := s.uses.ReturnBasisUse(ctx, u.resolved.Basis.ID, u.ref); err != nil {
		s.log.WarnContext(ctx, "a use that released nothing is not given back yet", "trace", u.call.TraceID, "error", err)
	}
}
