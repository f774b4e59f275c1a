package safe

import (
	"context"
	"slices"

	"kapok/gateway/basis"
)

// Register makes a statutory basis: an article of the maintained list that empowers
// this department in this matter (PIPL 13(1)(iii), 34). It is about anybody; each
// call names the person, the officer and the case.
func (s *Service) Register(ctx context.Context, staff Person, w Wanted, provisionID string) (basis.Basis, error) {
	directory := s.Catalog()
	provision, known := directory.Provision(provisionID)
	if !known {
		return basis.Basis{}, unknown("/legal_provision", "The maintained list holds no such provision.")
	}
	if !slices.Contains(provision.Departments, w.Department) || !slices.Contains(provision.ServiceItems, w.ServiceItem) {
		return basis.Basis{}, provisionNotForThis()
	}
	draft, err := s.draft(ctx, directory, w)
	if err != nil {
		return basis.Basis{}, err
	}
	draft.Kind = basis.Statutory
	draft.From = s.Now()
	draft.LegalProvision = basis.LegalProvision{ID: provision.ID, Law: provision.Law, Article: provision.Article}
	draft.Actor = basis.Actor{Ref: staff.Ref, AuthLevel: staff.Level, Method: "oidc"}
	return s.seal(ctx, draft)
}
