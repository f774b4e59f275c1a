package guard

import (
	"errors"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"kapok/connectors"
)

// Health is what a source was measured to do in the last hour, beside what it
// promised.
type Health struct {
	ID          string
	State       string // "up", "trying", "resting" or "maintenance"
	Since       time.Time
	Calls       int
	Failures    int // calls that failed by the source's fault
	P50, P95    time.Duration
	LastSuccess time.Time // zero: none since the node started
	LastFailure time.Time
	LastFault   string // short name of the last failure
	Promise     Promise
	Windows     []Window // under way or to come
}

// Availability is the share of calls that succeeded, in percent; 100 where none was made.
func (h Health) Availability() float64 {
	if h.Calls == 0 {
		return 100
	}
	return 100 * float64(h.Calls-h.Failures) / float64(h.Calls)
}

// Kept reports whether what was measured keeps the promise.
func (h Health) Kept() bool {
	return h.Availability() >= h.Promise.Availability && (h.Promise.P95 == 0 || h.P95 <= h.Promise.P95)
}

// Health measures now.
func (s *Source) Health() Health {
	now := s.now()
	h := s.health.read(now)
	h.ID, h.Promise, h.State = s.terms.ID, s.terms.Promise, states[s.breaker.State()]
	for _, window := range s.terms.Windows {
		if now.Before(window.Until) {
			h.Windows = append(h.Windows, window)
		}
	}
	if _, down := s.terms.down(now); down {
		h.State = connectors.Maintenance
	}
	return h
}

var states = map[circuitbreaker.State]string{
	circuitbreaker.ClosedState:   "up",
	circuitbreaker.HalfOpenState: "trying",
	circuitbreaker.OpenState:     connectors.Resting,
}

// health counts by minute, for an hour.
type health struct {
	mu          sync.Mutex
	since       time.Time
	minutes     [60]minute
	lastSuccess time.Time
	lastFailure time.Time
	lastFault   string
}

// minute holds the calls that began in one minute; took counts them by duration.
type minute struct {
	start           time.Time
	calls, failures int
	took            [len(bounds) + 1]int
}

// bounds of the durations that are told apart.
var bounds = [...]time.Duration{
	1 * time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond, 500 * time.Millisecond, 800 * time.Millisecond,
	time.Second, 1500 * time.Millisecond, 2 * time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

func newHealth(now time.Time) *health { return &health{since: now} }

func (h *health) note(began time.Time, took time.Duration, err error) {
	if errors.Is(err, connectors.ErrNobody) {
		return
	}
	start := began.Truncate(time.Minute)
	h.mu.Lock()
	defer h.mu.Unlock()
	m := &h.minutes[start.Minute()]
	if !m.start.Equal(start) {
		*m = minute{start: start}
	}
	m.calls++
	m.took[slot(took)]++
	if err == nil {
		h.lastSuccess = began
		return
	}
	m.failures++
	h.lastFailure, h.lastFault = began, resultOf(err)
}

func slot(took time.Duration) int {
	for i, bound := range bounds {
		if took <= bound {
			return i
		}
	}
	return len(bounds)
}

func (h *health) read(now time.Time) Health {
	h.mu.Lock()
	defer h.mu.Unlock()
	read := Health{Since: h.since, LastSuccess: h.lastSuccess, LastFailure: h.lastFailure, LastFault: h.lastFault}
	var took [len(bounds) + 1]int
	for _, m := range h.minutes {
		if now.Sub(m.start) > time.Hour {
			continue
		}
		read.Calls += m.calls
		read.Failures += m.failures
		for i, count := range m.took {
			took[i] += count
		}
	}
	read.P50, read.P95 = quantile(took[:], read.Calls, 50), quantile(took[:], read.Calls, 95)
	return read
}

// quantile is the upper bound of the slot in which percent of all calls are reached.
func quantile(took []int, calls, percent int) time.Duration {
	reached := 0
	for i, count := range took {
		reached += count
		if calls > 0 && reached*100 >= calls*percent {
			return bounds[min(i, len(bounds)-1)]
		}
	}
	return 0
}
