package mandates

import (
	"slices"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
)

// Ward is whom a guardian acts for.
type Ward struct {
	Ref  string    // subject_ref
	Born time.Time // zero: the number does not tell
}

func (w Ward) minor(at time.Time) bool {
	return !w.Born.IsZero() && basis.BandOf(w.Born, at) != basis.Adult
}

// allows holds a guardian's mandate against the ward's age (PIPL 31): under 14 the guardian
// agrees for the child; from then on the child does, and a guardian sees; from 18 on there
// is no guardian of a minor. What age ends, the mandate's end ends.
func (w Ward) allows(m Mandate) error {
	if !m.Minor {
		return nil
	}
	last := m.Until.Add(-time.Millisecond)
	band := basis.BandOf(w.Born, last)
	acts := slices.ContainsFunc(m.Powers, func(p Power) bool { return p != View })
	switch {
	case acts && band != basis.Under14:
		return refused("/until", "a guardian agrees and withdraws for a child until the day of the 14th birthday; from then on the child does, and the guardian sees (VIEW)")
	case band == basis.Adult:
		return refused("/until", "a minor's guardian is one until the day of the 18th birthday")
	}
	return nil
}

func refused(field, says string) error {
	failure := gateway.Fail(gateway.Invalid, "field-invalid", says+".")
	failure.Field = field
	return failure
}
