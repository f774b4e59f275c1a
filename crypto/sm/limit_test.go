package sm

import (
	"strconv"
	"testing"
	"time"
)

func takeAll(l *limit, caller string, now time.Duration, tries int) (taken int) {
	for range tries {
		if l.allowAt(caller, now) {
			taken++
		}
	}
	return taken
}

// apart returns a caller with another slot than the one given.
func apart(l *limit, caller string) string {
	other := caller + "'"
	for l.slot(other) == l.slot(caller) {
		other += "'"
	}
	return other
}

func TestLimitPerCaller(t *testing.T) {
	l := newLimit(newPace(5, 20), newPace(1000, 1000))
	b := apart(l, "a")
	steps := []struct {
		caller string
		at     time.Duration
		want   int
	}{
		{"a", 0, 20},                      // the burst
		{"a", 0, 0},                       // and no more
		{b, 0, 20},                        // another caller has its own
		{"a", 200 * time.Millisecond, 1},  // 5 a second
		{"a", 1200 * time.Millisecond, 5}, //
		{"a", time.Hour, 20},              // a pause gives the burst back, no more
	}
	for i, step := range steps {
		if got := takeAll(l, step.caller, step.at, 1000); got != step.want {
			t.Fatalf("step %d: %s took %d, want %d", i, step.caller, got, step.want)
		}
	}
}

// Whoever invents a name for each try meets the limit in total.
func TestLimitInTotal(t *testing.T) {
	l := newLimit(newPace(5, 20), newPace(50, 100))
	taken := 0
	for i := range 100_000 {
		if l.allowAt(strconv.Itoa(i), 0) {
			taken++
		}
	}
	if taken != 100 {
		t.Fatalf("took %d, want the burst of 100", taken)
	}
	if got := takeAll(l, "honest", time.Second, 100); got != 20 {
		t.Fatalf("a second later an honest caller took %d, want 20", got)
	}
}

// A caller beyond its own budget takes nothing from everybody's.
func TestLimitedCallerLeavesTheRest(t *testing.T) {
	l := newLimit(newPace(5, 20), newPace(50, 100))
	takeAll(l, "junk", 0, 100_000)
	if got := takeAll(l, apart(l, "junk"), 0, 100); got != 20 {
		t.Fatalf("took %d, want 20", got)
	}
}

func TestPaceBounds(t *testing.T) {
	for _, test := range []struct {
		perSecond float64
		burst     int
	}{{1e-30, 1 << 40}, {1e30, 1 << 40}, {1e-30, 1}, {1e9, 1}} {
		var b budget
		if !b.take(newPace(test.perSecond, test.burst), 0) {
			t.Fatalf("%v: the first was refused", test)
		}
	}
}
