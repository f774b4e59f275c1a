package messages

import (
	"testing"
	"time"
)

// TestNothingGoesBeforeTheLawAllows: leap days included.
func TestNothingGoesBeforeTheLawAllows(t *testing.T) {
	made := time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC)
	life := made.AddDate(2, 0, 0)
	for _, c := range []struct {
		class    Class
		life     time.Time
		earliest time.Time
		latest   time.Time
	}{
		{Security, time.Time{}, made.AddDate(0, 6, 0), made.AddDate(0, 6, 3)},
		{Use, life, made.AddDate(3, 0, 0), made.AddDate(3, 0, 3)},
		{Consent, life, life.AddDate(3, 0, 0), life.AddDate(3, 0, 3)},
		{Consent, time.Time{}, made.AddDate(3, 0, 0), made.AddDate(3, 0, 3)},
	} {
		if until := c.class.Until(made, c.life); until.Before(c.earliest) || until.After(c.latest) {
			t.Errorf("%s: until %v, want %v to %v", c.class, until, c.earliest, c.latest)
		}
	}
}
