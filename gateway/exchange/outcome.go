package exchange

import (
	"context"
	"errors"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// recordOutcome makes the release durable before a byte of it leaves, and lets the
// stops bite once more: what was withdrawn while the source was asked is not
// released.
func (s *Service) recordOutcome(ctx context.Context, u *use) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	message, err := s.sealAnswer(ctx, u)
	if err != nil {
		return s.recordFailure(ctx, u, err)
	}
	u.signing = s.signing()
	sealed, err := s.ledger.Append(ctx, ledger.Append{
		Stops:      s.stops(u),
		Editions:   u.editions,
		Subject:    u.resolved.SubjectRef,
		Attachment: message.attachment,
		Entry: func(found ledger.Found) ledger.Entry {
			if outdated(found) || u.replaced(found) {
				return ledger.Decline()
			}
			if len(found.Stopped) > 0 {
				return message.committed(s.failureEntry(u, stopped(found.Stopped[0])))
			}
			return message.committed(s.outcomeEntry(u))
		},
	})
	if errors.Is(err, ledger.ErrDeclined) {
		s.learnAgain(u, sealed.Found)
		return err
	}
	if err != nil {
		s.closeLater(u, gateway.AsError(err).Code)
		return err
	}
	if len(sealed.Found.Stopped) > 0 {
		s.ledger.Settled(u.ref)
		return stopped(sealed.Found.Stopped[0])
	}
	u.outcome, u.reserved = sealed, false
	return nil
}
