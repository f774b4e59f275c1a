package basis_test

import (
	"testing"
	"time"

	"kapok/gateway/basis"
)

func TestBandOf(t *testing.T) {
	born := func(date string) time.Time {
		at, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		born, at string
		want     basis.AgeBand
	}{
		{"2012-11-25", "2026-11-25T15:59:59Z", basis.Under14}, // the birthday itself, in Beijing until midnight
		{"2012-11-25", "2026-11-25T16:00:00Z", basis.Under18}, // the day after, in Beijing
		{"2008-11-24", "2026-11-24T15:59:59Z", basis.Under18},
		{"2008-11-24", "2026-11-24T16:00:00Z", basis.Adult},
		{"2012-02-29", "2026-02-28T15:59:59Z", basis.Under14}, // no 29 February in 2026
		{"2012-02-29", "2026-03-01T16:00:00Z", basis.Under18},
		{"1950-01-01", "2026-11-25T00:00:00Z", basis.Adult},
		{"2030-01-01", "2026-11-25T00:00:00Z", basis.Under14}, // a date to come
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := basis.BandOf(born(c.born), at); got != c.want {
			t.Errorf("born %s, at %s: %s, want %s", c.born, c.at, got, c.want)
		}
	}
}
