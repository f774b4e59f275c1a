package safe

import (
	"context"
	"slices"

	"kapok/gateway"
	"kapok/gateway/basis"
)

// Withdraw ends a person's own consent. When it returns, no node makes another use of
// it durable. Another person's basis is not found.
func (s *Service) Withdraw(ctx context.Context, person Person, id string) error {
	return s.happens(ctx, person, id, basis.EventWithdrawn)
}

// Pause holds a consent up until the person lets it go on.
func (s *Service) Pause(ctx context.Context, person Person, id string) error {
	return s.happens(ctx, person, id, basis.EventPaused)
}

// Resume lets a paused consent go on.
func (s *Service) Resume(ctx context.Context, person Person, id string) error {
	if err := person.sure(); err != nil { // it allows, as granting does
		return err
	}
	return s.happens(ctx, person, id, basis.EventResumed)
}

func (s *Service) happens(ctx context.Context, person Person, id string, event basis.Event) error {
	if err := s.within(ctx, person, id); err != nil {
		return err
	}
	_, err := s.change(ctx, basis.Change{ID: id, SubjectRef: person.subject(), Event: event, Actor: person.Ref, At: s.Now()})
	return err
}

func (s *Service) change(ctx context.Context, c basis.Change) (basis.Held, error) {
	held, pending, err := s.Bases.ChangeBasis(ctx, c)
	if err != nil || pending == "" {
		return held, err
	}
	_, err = s.Log.Drain(ctx, pending)
	return held, err
}

// Detail is one basis with everything that befell it.
type Detail struct {
	Held   basis.Held
	Signed basis.Signed
	Events []basis.Happened
	Notice Notice // that was shown; the zero one where none was
	Uses   int    // taken, where they are counted
	Erased []Erasure
}

// Detail shows a person one of their own bases. Another's is not found.
func (s *Service) Detail(ctx context.Context, person Person, id string) (Detail, error) {
	held, signed, err := s.Bases.Basis(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	if held.Basis.SubjectRef != person.subject() || !person.handles(held.Basis.ServiceItem) {
		return Detail{}, requestUnknown()
	}
	d := Detail{Held: held, Signed: signed}
	if d.Events, err = s.History.EventsOfBasis(ctx, id); err != nil {
		return Detail{}, err
	}
	if d.Notice, err = s.History.NoticeShown(ctx, held.Basis.Notice.SM3); err != nil {
		return Detail{}, err
	}
	if d.Uses, err = s.History.UsesOfBasis(ctx, id); err != nil {
		return Detail{}, err
	}
	d.Erased, err = s.Erasures.ErasuresOfBasis(ctx, id)
	return d, err
}

// sure reports whether the sign-in is good enough to allow something.
func (p Person) sure() error {
	if p.Level == "L3" {
		return nil
	}
	failure := gateway.Fail(gateway.Forbidden, "assurance-too-low", "To allow something, the sign-in has to be of level L3.")
	failure.Remedy = "Sign in again at /auth/login?level=L3."
	return failure
}

// ofAge refuses who is under 14: their guardian consents for them (PIPL 31).
func (p Person) ofAge() error {
	if p.AgeBand != basis.Under14 || p.For != "" {
		return nil
	}
	failure := gateway.Fail(gateway.Forbidden, "guardian-needed", "For a person under 14 a guardian consents (PIPL 31).")
	failure.Remedy = "The guardian comes to the counter with the child's documents."
	return failure
}

// handles reports whether a matter is one that the person may act in: any of their own, of
// another's only those of the mandate.
func (p Person) handles(matter string) bool { return p.For == "" || slices.Contains(p.Matters, matter) }

// within refuses who acts for another in a matter that is not the mandate's, as if there
// were no such basis.
func (s *Service) within(ctx context.Context, person Person, id string) error {
	if person.For == "" {
		return nil
	}
	_, err := s.Detail(ctx, person, id)
	return err
}

// subject is for whom the person acts: for themselves, or under a mandate for another.
func (p Person) subject() string {
	if p.For != "" {
		return p.For
	}
	return p.Ref
}
