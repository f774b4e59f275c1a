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
	if err := person.sure(); err != nil {
		return basis.Basis{}, err
	}
	w.now = s.Now()
	directory := s.Catalog()
	draft, err := s.draft(ctx, directory, w)
	if err != nil {
		return basis.Basis{}, err
	}
	notice := s.worded(draft)
	if !same(notice.SM3, noticeSM3) {
		return basis.Basis{}, noticeMismatch()
	}
	agreed := Consented{Optional: w.Optional}
	if w.Separate {
		agreed.Separate = draft.Sensitive
		draft.Kind = basis.SeparateConsent
	}
	draft.SubjectRef = person.subject()
	draft, err = s.expressed(person, draft, agreed, notice)
	if err != nil {
		return basis.Basis{}, err
	}
	if err := s.History.KeepNotice(ctx, notice); err != nil {
		return basis.Basis{}, err
	}
	return s.seal(ctx, draft)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func noticeMismatch() error {
	failure := gateway.Fail(gateway.Conflict, "notice-mismatch",
		"notice_sm3 is not that of the notice for this consent; show the notice again.")
	failure.Field = "/notice_sm3"
	return failure
}
