package safe

import (
	"context"
	"crypto/subtle"

	"kapok/gateway"
	"kapok/gateway/basis"
)

// Consent makes a person's consent an access basis in force. noticeSM3 is that of the
// notice they were shown; it has to be the one for exactly this wish.
func (s *Service) Consent(ctx context.Context, person Person, w Wanted, noticeSM3 string) (basis.Basis, error) {
	directory := s.Catalog()
	notice, err := s.notice(ctx, directory, w)
	if err != nil {
		return basis.Basis{}, err
	}
	if subtle.ConstantTimeCompare([]byte(notice.SM3), []byte(noticeSM3)) != 1 {
		failure := gateway.Fail(gateway.Conflict, "notice-mismatch",
			"notice_sm3 is not that of the notice for this consent; show the notice again.")
		failure.Field = "/notice_sm3"
		return basis.Basis{}, failure
	}
	draft, err := s.draft(ctx, directory, w)
	if err != nil {
		return basis.Basis{}, err
	}
	draft.Kind = basis.Consent
	if w.Separate {
		draft.Kind = basis.SeparateConsent
	}
	now := s.Now()
	draft.SubjectRef = person.Ref
	draft.Actor = basis.Actor{Ref: person.Ref, AuthLevel: person.Level, Method: "oidc"}
	draft.From = now
	draft.Notice = basis.Notice{
		ID: notice.ID, Version: notice.Version, SM3: notice.SM3, Language: notice.Language,
		ShownAt: now, SeparateAck: draft.Sensitive,
	}
	draft.Rights = basis.Rights{Withdraw: "/v1/me/bases/{id}/withdraw", Contact: departmentName(directory, w.Department)}
	return s.seal(ctx, draft)
}

// Withdraw ends a person's own consent. When it returns, no node makes another use of
// it durable. Another person's basis is not found.
func (s *Service) Withdraw(ctx context.Context, person Person, id string) error {
	_, pending, err := s.Bases.ChangeBasis(ctx, basis.Change{
		ID: id, SubjectRef: person.Ref, Event: basis.EventWithdrawn, Actor: person.Ref, At: s.Now(),
	})
	if err != nil || pending == "" {
		return err
	}
	_, err = s.Log.Drain(ctx, pending)
	return err
}
