package exchange

import (
	"context"
	"errors"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

const (
	idempotencyHeader   = "Idempotency-Key"
	idempotencyLifetime = 24 * time.Hour
)

// recordIntent makes it durable that this use is about to happen. In the same
// transaction, under the origin's lock, the ledger reads again whether anything the
// decision relied on has been stopped, and uses up the nonce: a withdrawal that was
// acknowledged anywhere before bites here.
func (s *Service) recordIntent(ctx context.Context, u *use) error {
	message, err := s.sealRequest(ctx, u)
	if err != nil {
		return err
	}
	sealed, err := s.ledger.Append(ctx, ledger.Append{
		Stops:      s.stops(u),
		Claims:     u.claims(),
		Editions:   u.editions,
		Subject:    u.resolved.SubjectRef,
		Attachment: message.attachment,
		Aside:      s.note(ctx, u),
		Entry: func(found ledger.Found) ledger.Entry {
			if outdated(found) || u.replaced(found) {
				return ledger.Decline()
			}
			retryOf, refusal := weigh(found)
			if refusal != nil {
				return message.committed(s.refusalEntry(u, refusal))
			}
			return message.committed(s.intentEntry(u, retryOf))
		},
	})
	if errors.Is(err, ledger.ErrDeclined) {
		s.learnAgain(u, sealed.Found)
		return err
	}
	if err != nil {
		if gateway.AsError(err).Code == ledger.OutcomeUnknown {
			s.closeLater(u, ledger.OutcomeUnknown)
		}
		return err
	}
	retryOf, refusal := weigh(sealed.Found)
	if refusal != nil {
		if refusal.Code == "grant-suspended" {
			s.issued.forget(grantKey{u.caller.System, u.item.Code})
		}
		return refusal
	}
	u.retryOf = retryOf
	return nil
}

// stops lists everything that, once stopped, must end this use.
func (s *Service) stops(u *use) []ledger.Stop {
	stops := []ledger.Stop{
		{Kind: "basis", ID: u.resolved.Basis.ID},
		{Kind: "grant", ID: u.grant.ID},
		{Kind: "system", ID: u.caller.System},
		{Kind: "department", ID: u.caller.Department},
		{Kind: "item", ID: u.item.Code},
		{Kind: "source", ID: u.item.Source},
	}
	if u.caller.KeyID != "" { // none at the desk
		stops = append(stops, ledger.Stop{Kind: "key", ID: u.caller.KeyID})
	}
	if u.answer.Licence != "" {
		stops = append(stops, ledger.Stop{Kind: "licence", ID: u.answer.Licence})
	}
	return stops
}

func (u *use) claims() []ledger.Claim {
	claims := []ledger.Claim{u.nonceClaim()}
	if u.order != nil {
		return append(claims, u.orderClaim())
	}
	if key := u.call.Header.Get(idempotencyHeader); key != "" {
		claims = append(claims, ledger.Claim{
			Space: "idempotency", Owner: u.caller.System, Key: key, Ref: u.ref,
			Digest: sm.Sum(u.call.Body), Expires: u.started.Add(idempotencyLifetime),
		})
	}
	if u.confirmed.ID != "" {
		claims = append(claims, u.confirmationClaim())
	}
	return claims
}

func (u *use) nonceClaim() ledger.Claim {
	return ledger.Claim{
		Space: "nonce", Owner: u.caller.System, Key: u.caller.Nonce, Ref: u.ref,
		Expires: u.caller.Created.Add(nonceLifetime),
	}
}

// weigh turns what the ledger found under its lock into a refusal, or into the
// knowledge that this is a retry of an earlier use.
func weigh(found ledger.Found) (retryOf string, refusal *gateway.Error) {
	for _, taken := range found.Taken {
		if taken.Claim.Space == "nonce" {
			return "", nonceReplayed()
		}
		if taken.Claim.Space == confirmationSpace {
			return "", confirmationUsed()
		}
		if taken.Digest != taken.Claim.Digest {
			return "", gateway.Fail(gateway.Conflict, "idempotency-mismatch",
				"This Idempotency-Key was used before for another request.")
		}
		retryOf = taken.Ref
	}
	if len(found.Stopped) > 0 {
		return "", stopped(found.Stopped[0])
	}
	return retryOf, nil
}

// stopped words the refusal for each kind of thing that can be stopped.
func stopped(stop ledger.Stop) *gateway.Error {
	if stop.Kind == "key" {
		return unknownKey()
	}
	for _, known := range stopRefusals {
		if known.kind == stop.Kind {
			failure := gateway.Fail(gateway.Forbidden, known.code, known.says)
			failure.Remedy = known.remedy
			return failure
		}
	}
	return gateway.Fail(gateway.Forbidden, "stopped", "Something this use relies on was stopped.")
}

var stopRefusals = []struct{ kind, code, says, remedy string }{
	{"basis", "basis-ended", "The access basis has ended: it was withdrawn, paused or closed.", "Ask for a new access basis."},
	{"grant", "grant-suspended", "The grant is suspended.", "Ask the provider of the data."},
	{"system", "system-stopped", "The calling system is stopped.", "Ask the data bureau."},
	{"department", "department-stopped", "The calling department is stopped.", "Ask the data bureau."},
	{"item", "item-stopped", "The data item is stopped.", "Ask the data bureau."},
	{"licence", "licence-abolished", "The licence was abolished or replaced by a newer version; it can no longer be used.", "Ask again: where there is a newer version, it is answered with."},
	{"source", "source-stopped", "The source of the data is stopped.", "Ask the data bureau."},
}
