package guard

import "time"

// Terms are how a source may be asked. Zero values take the defaults.
type Terms struct {
	ID            string
	RatePerSecond int           // questions; default: no limit
	Burst         int           // questions at once within the rate; default: those of a second
	Concurrent    int           // questions under way; default 128
	Attempts      int           // of one question, the first included; default 2
	Rest          time.Duration // how long a failing source is left alone; default 5 s
	Windows       []Window      // planned maintenance
	Promise       Promise
}

// Window is a time in which a source said that it would be down.
type Window struct {
	From, Until time.Time
	Reason      string
}

// Promise is what a provider said of its source (SLA). Zero: nothing.
type Promise struct {
	Availability float64       // of calls, in percent
	P95          time.Duration // 95 of 100 answers come within
}

const (
	usualConcurrent = 128
	usualAttempts   = 2
	usualRest       = 5 * time.Second
)

func (t Terms) withDefaults() Terms {
	t.Concurrent = orUsual(t.Concurrent, usualConcurrent)
	t.Attempts = orUsual(t.Attempts, usualAttempts)
	t.Rest = orUsual(t.Rest, usualRest)
	return t
}

func orUsual[T int | time.Duration](given, usual T) T {
	if given <= 0 {
		return usual
	}
	return given
}

// down finds the maintenance window that holds at.
func (t Terms) down(at time.Time) (Window, bool) {
	for _, window := range t.Windows {
		if !at.Before(window.From) && at.Before(window.Until) {
			return window, true
		}
	}
	return Window{}, false
}
