package exchange

import (
	"context"
	"errors"
	"strconv"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// maxDecisions is how often a use is decided when editions are published meanwhile.
const maxDecisions = 4

// again takes a step that ends in a record, and takes it again on the editions in force
// where they changed in between: nothing is recorded under one that is not in force.
func (s *Service) again(ctx context.Context, u *use, step func(context.Context, *use) error) error {
	for range maxDecisions {
		u.editions = u.live.Editions
		err := step(ctx, u)
		if !errors.Is(err, ledger.ErrDeclined) {
			return err
		}
		if err := s.refresh(ctx); err != nil {
			return s.undecided(ctx, u, err)
		}
		u.live = s.live.Load()
	}
	return s.undecided(ctx, u, errors.New("exchange: the editions changed again and again"))
}

// undecided records that a use could not be decided under the editions in force. The
// record rests on none.
func (s *Service) undecided(ctx context.Context, u *use, cause error) error {
	u.editions = nil
	failure := gateway.Fail(gateway.Unavailable, "edition-unavailable", "The catalogue or the policies have just changed and this node has not taken them over; try again.").Because(cause)
	if u.answered {
		return s.recordFailure(ctx, u, failure)
	}
	return s.refuse(ctx, u, failure)
}

// conclude records the outcome. Where an edition was published while the source was
// asked, the use is decided anew on the answer it has: what the new edition refuses is
// not released, and what it hides is hidden.
func (s *Service) conclude(ctx context.Context, u *use) error {
	if !u.answered {
		u.answered = true
		return s.recordOutcome(ctx, u)
	}
	for _, step := range []func(context.Context, *use) error{
		func(_ context.Context, u *use) error { return s.resolveItem(u) },
		s.decide,
		s.confirm,
		s.checkSource,
		s.minimise,
	} {
		if err := step(ctx, u); err != nil {
			return s.recordFailure(ctx, u, err)
		}
	}
	return s.recordOutcome(ctx, u)
}

// outdated reports that a record would rest on an edition that is no longer in force.
func outdated(found ledger.Found) bool { return len(found.Outdated) > 0 }

// editionFields name the editions that a use was decided under.
func (u *use) editionFields() []ledger.Field {
	fields := make([]ledger.Field, 0, len(u.editions))
	for _, edition := range u.editions {
		fields = append(fields, ledger.Field{Name: "edition-" + edition.Kind, Value: strconv.FormatInt(edition.Number, 10)})
	}
	return fields
}
