package exchange

import (
	"testing"
	"time"
)

func TestAgeRule(t *testing.T) {
	now := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		freshness time.Duration
		asOf      time.Time
		want      string
	}{
		"nothing promised, nothing said": {0, time.Time{}, ""},
		"nothing promised, old":          {0, now.AddDate(-9, 0, 0), ""},
		"promised, not said":             {time.Hour, time.Time{}, undated},
		"promised and kept":              {time.Hour, now.Add(-time.Hour), ""},
		"promised and broken":            {time.Hour, now.Add(-time.Hour - time.Second), stale},
		"a clock that is a little ahead": {time.Hour, now.Add(maxSkew), ""},
		"of tomorrow":                    {time.Hour, now.AddDate(0, 0, 1), ofTomorrow},
		"of tomorrow, nothing promised":  {0, now.AddDate(0, 0, 1), ofTomorrow},
	} {
		if got := ageRule(c.freshness, c.asOf, now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
