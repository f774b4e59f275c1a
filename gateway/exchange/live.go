package exchange

import (
	"kapok/catalog"
	"kapok/gateway/federation"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// Live is what a use is decided and served by. It is adopted whole, and a use works to
// its end on the one it began with, so that it never sees half of a change.
type Live struct {
	Catalog  *catalog.Catalog
	Policies *policies.Set
	Sources  Sources
	Members  *federation.List // of the federation; nil: there is none

	Editions []ledger.Edition // which published editions these are; every decision is recorded under them
}

// Check reports whether the parts fit together.
func (l Live) Check() error {
	_, err := newSnapshot(l)
	return err
}

// snapshot is a [Live] with what the path derives from it, made once and never changed.
type snapshot struct {
	Live
	known known

	proven *provenKeys // of members of the federation
}

// newSnapshot refuses policies that name what the catalogue does not hold.
func newSnapshot(live Live) (*snapshot, error) {
	if err := policiesFit(live.Policies, live.Catalog); err != nil {
		return nil, err
	}
	known, err := inPolicyWords(live.Catalog)
	if err != nil {
		return nil, err
	}
	return &snapshot{Live: live, known: known, proven: &provenKeys{}}, nil
}

// Adopt puts another catalogue, other policies or other sources in force, for the uses
// that begin from now on. What does not fit together is refused, and what was in force
// stays so.
func (s *Service) Adopt(live Live) error {
	adopted, err := newSnapshot(live)
	if err != nil {
		return err
	}
	s.live.Store(adopted)
	return nil
}

// Live returns what is in force now. Whoever needs two answers that agree asks once.
func (s *Service) Live() Live { return s.live.Load().Live }

// Catalog returns the catalogue in force now.
func (s *Service) Catalog() *catalog.Catalog { return s.Live().Catalog }

func (l *snapshot) departmentOf(system string) string {
	if known, ok := l.Catalog.System(system); ok {
		return known.Department
	}
	return ""
}
