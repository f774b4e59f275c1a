package guard

import (
	"context"
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"kapok/connectors"
)

// The breaker opens when half of at least 20 questions of the last 10 s failed, and
// closes again after two that did not.
const (
	failureRate   = 0.5
	failuresOf    = 20
	failuresIn    = 10 * time.Second
	successes     = 2
	retryPauseMin = 10 * time.Millisecond
	retryPauseMax = 50 * time.Millisecond
	busyAfter     = time.Second // when to come again to a source that is busy
)

// Source guards one source. Safe for concurrent use.
type Source struct {
	terms    Terms
	breaker  circuitbreaker.CircuitBreaker[connectors.Answer]
	executor failsafe.Executor[connectors.Answer]
	health   *health
	observe  Observer
	now      func() time.Time
}

// Observer hears of every question that was sent or held back: its result is "ok", a
// fault's or a reason's short name.
type Observer func(source, result string, took time.Duration)

// NewSource makes a guard; observe may be nil.
func NewSource(terms Terms, observe Observer, now func() time.Time) *Source {
	if observe == nil {
		observe = func(string, string, time.Duration) {}
	}
	terms = terms.withDefaults()
	s := &Source{terms: terms, health: newHealth(now()), observe: observe, now: now}
	s.breaker = circuitbreaker.NewBuilder[connectors.Answer]().
		HandleIf(func(_ connectors.Answer, err error) bool { return failing(err) }).
		WithFailureRateThreshold(failureRate, failuresOf, failuresIn).
		WithSuccessThreshold(successes).WithDelay(terms.Rest).Build()
	retry := retrypolicy.NewBuilder[connectors.Answer]().
		HandleIf(func(_ connectors.Answer, err error) bool { return worthARetry(err) }).
		WithMaxAttempts(terms.Attempts).WithRandomDelay(retryPauseMin, retryPauseMax).ReturnLastFailure().Build()
	around := []failsafe.Policy[connectors.Answer]{bulkhead.New[connectors.Answer](uint(terms.Concurrent)), retry}
	if burst := orUsual(terms.Burst, terms.RatePerSecond); terms.RatePerSecond > 0 {
		per := time.Duration(burst) * time.Second / time.Duration(terms.RatePerSecond)
		around = append(around, ratelimiter.NewBursty[connectors.Answer](uint(burst), per))
	}
	s.executor = failsafe.With(append(around, s.breaker)...)
	return s
}

// failing reports whether an error says that the source is in trouble. A caller who
// gave up says nothing of the source.
func failing(err error) bool {
	return (errors.Is(err, connectors.ErrUnavailable) || errors.Is(err, connectors.ErrTimeout)) && !errors.Is(err, context.Canceled)
}

// worthARetry leaves out what a second try cannot better: a refusal, garbage, a
// deadline, and what was held back. Every question is a read, so it may be sent again.
func worthARetry(err error) bool {
	return errors.Is(err, connectors.ErrUnavailable) && !errors.Is(err, context.Canceled)
}

// ask sends a question within the terms.
func (s *Source) ask(ctx context.Context, c connectors.Connector, q connectors.Query) (connectors.Answer, error) {
	began := s.now()
	if window, down := s.terms.down(began); down {
		return connectors.Answer{}, s.held(connectors.Maintenance, window.Until.Sub(began))
	}
	answer, err := s.executor.WithContext(ctx).GetWithExecution(func(e failsafe.Execution[connectors.Answer]) (connectors.Answer, error) {
		return c.Fetch(e.Context(), q)
	})
	if err != nil {
		err = s.inOurWords(ctx, err)
	}
	if held, is := errors.AsType[*connectors.Held](err); is {
		return connectors.Answer{}, held
	}
	took := s.now().Sub(began)
	s.health.note(began, took, err)
	s.observe(s.terms.ID, resultOf(err), took)
	return answer, err
}

// inOurWords turns the policies' errors into those of package connectors.
func (s *Source) inOurWords(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, bulkhead.ErrFull), errors.Is(err, ratelimiter.ErrExceeded):
		return s.held(connectors.Busy, busyAfter)
	case errors.Is(err, circuitbreaker.ErrOpen):
		return s.held(connectors.Resting, max(s.breaker.RemainingDelay(), busyAfter))
	case isFault(err):
		return err
	}
	return connectors.Lost(ctx, err)
}

func (s *Source) held(why string, after time.Duration) error {
	s.observe(s.terms.ID, why, 0)
	return &connectors.Held{Why: why, After: after}
}

// results name the faults for metrics.
var results = []struct {
	is   error
	name string
}{
	{connectors.ErrTimeout, "timeout"},
	{connectors.ErrUnavailable, "unavailable"},
	{connectors.ErrRefused, "refused"},
	{connectors.ErrAnotherPerson, "another-person"},
	{connectors.ErrGarbage, "garbage"},
}

func isFault(err error) bool { return resultOf(err) != "failed" }

func resultOf(err error) string {
	if err == nil {
		return "ok"
	}
	for _, known := range results {
		if errors.Is(err, known.is) {
			return known.name
		}
	}
	return "failed"
}
