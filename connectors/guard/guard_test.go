package guard_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kapok/connectors"
	"kapok/connectors/guard"
	"kapok/gateway"
)

// scripted is a source that does what the test says.
type scripted struct {
	calls atomic.Int64
	fetch func(ctx context.Context, call int64) (connectors.Answer, error)
}

func (s *scripted) Fetch(ctx context.Context, _ connectors.Query) (connectors.Answer, error) {
	return s.fetch(ctx, s.calls.Add(1))
}

func always(answer connectors.Answer, err error) func(context.Context, int64) (connectors.Answer, error) {
	return func(context.Context, int64) (connectors.Answer, error) { return answer, err }
}

var oneRecord = connectors.Answer{Records: []connectors.Record{{"a": "b"}}}

func query(t testing.TB, request string) connectors.Query {
	t.Helper()
	subject, err := gateway.ParseIdentity(gateway.CitizenID, "11010519491231002X")
	if err != nil {
		t.Fatal(err)
	}
	return connectors.Query{Subject: subject, RequestID: request}
}

// A second try is made where it may help, and nowhere else.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		fault error
		calls int64
	}{
		{connectors.ErrUnavailable, 3}, {connectors.ErrTimeout, 1}, {connectors.ErrRefused, 1},
		{connectors.ErrGarbage, 1}, {connectors.ErrAnotherPerson, 1}, {nil, 1},
	} {
		s := &scripted{fetch: always(oneRecord, c.fault)}
		_, err := guard.NewSource(guard.Terms{Attempts: 3}, nil, time.Now).Guard(s, 0).Fetch(t.Context(), query(t, "r"))
		if !errors.Is(err, c.fault) || s.calls.Load() != c.calls {
			t.Errorf("%v: %d calls, %v; want %d", c.fault, s.calls.Load(), err, c.calls)
		}
	}
}

// The budget is that of the whole call, retries and pauses included.
func TestBudgetOfTheWholeCall(t *testing.T) {
	s := &scripted{fetch: func(ctx context.Context, call int64) (connectors.Answer, error) {
		if call == 1 {
			return connectors.Answer{}, connectors.ErrUnavailable
		}
		<-ctx.Done()
		return connectors.Answer{}, connectors.Lost(ctx, ctx.Err())
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := guard.NewSource(guard.Terms{Attempts: 5}, nil, time.Now).Guard(s, 0).Fetch(ctx, query(t, "r"))
	if took := time.Since(began); !errors.Is(err, connectors.ErrTimeout) || took > time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

func heldFor(t *testing.T, err error, why string) *connectors.Held {
	t.Helper()
	held, is := errors.AsType[*connectors.Held](err)
	if !is || held.Why != why || held.After <= 0 || !errors.Is(err, connectors.ErrUnavailable) {
		t.Fatalf("%v, want held back because %s", err, why)
	}
	return held
}

// A source that fails again and again is left alone, and tried again after its rest.
func TestBreaker(t *testing.T) {
	var healed atomic.Bool
	s := &scripted{fetch: func(context.Context, int64) (connectors.Answer, error) {
		if healed.Load() {
			return oneRecord, nil
		}
		return connectors.Answer{}, connectors.ErrUnavailable
	}}
	source := guard.NewSource(guard.Terms{Attempts: 1, Rest: 50 * time.Millisecond}, nil, time.Now)
	g := source.Guard(s, 0)
	for range 40 {
		_, _ = g.Fetch(t.Context(), query(t, ""))
	}
	if asked := s.calls.Load(); asked >= 40 || source.Health().State != connectors.Resting {
		t.Errorf("it was asked %d times and is %s", asked, source.Health().State)
	}
	_, err := g.Fetch(t.Context(), query(t, ""))
	heldFor(t, err, connectors.Resting)
	healed.Store(true)
	time.Sleep(70 * time.Millisecond)
	for range 3 {
		if _, err := g.Fetch(t.Context(), query(t, "")); err != nil {
			t.Error(err)
		}
	}
	if source.Health().State != "up" {
		t.Error("it is", source.Health().State)
	}
}

// Refusals and garbage say nothing of whether a source is up.
func TestRefusalsDoNotOpenTheBreaker(t *testing.T) {
	s := &scripted{fetch: always(connectors.Answer{}, connectors.ErrRefused)}
	source := guard.NewSource(guard.Terms{}, nil, time.Now)
	for range 100 {
		_, _ = source.Guard(s, 0).Fetch(t.Context(), query(t, ""))
	}
	if source.Health().State != "up" {
		t.Error("it is", source.Health().State)
	}
}

func TestBulkhead(t *testing.T) {
	enough := make(chan struct{})
	s := &scripted{fetch: func(context.Context, int64) (connectors.Answer, error) { <-enough; return oneRecord, nil }}
	g := guard.NewSource(guard.Terms{Concurrent: 2}, nil, time.Now).Guard(s, 0)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { _, _ = g.Fetch(t.Context(), query(t, "")) })
	}
	for s.calls.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	_, err := g.Fetch(t.Context(), query(t, ""))
	heldFor(t, err, connectors.Busy)
	close(enough)
	all.Wait()
	if _, err := g.Fetch(t.Context(), query(t, "")); err != nil {
		t.Error(err)
	}
}

func TestRate(t *testing.T) {
	s := &scripted{fetch: always(oneRecord, nil)}
	g := guard.NewSource(guard.Terms{RatePerSecond: 5}, nil, time.Now).Guard(s, 0)
	var last error
	for range 11 { // two seconds' worth and one, in case a second ends in between
		_, last = g.Fetch(t.Context(), query(t, ""))
	}
	heldFor(t, last, connectors.Busy)
	if s.calls.Load() > 10 {
		t.Errorf("%d questions were sent", s.calls.Load())
	}
}

func TestMaintenanceIsAnnounced(t *testing.T) {
	now := time.Now()
	s := &scripted{fetch: always(oneRecord, nil)}
	window := guard.Window{From: now.Add(-time.Minute), Until: now.Add(10 * time.Minute), Reason: "升级"}
	source := guard.NewSource(guard.Terms{Windows: []guard.Window{window}}, nil, func() time.Time { return now })
	_, err := source.Guard(s, 0).Fetch(t.Context(), query(t, "r"))
	if held := heldFor(t, err, connectors.Maintenance); held.After != 10*time.Minute || s.calls.Load() != 0 {
		t.Errorf("after %v, %d calls", held.After, s.calls.Load())
	}
	if h := source.Health(); h.State != connectors.Maintenance || len(h.Windows) != 1 || h.Calls != 0 {
		t.Errorf("%+v", h)
	}
}

// Identical reads of one decision are one question; those of two decisions are two.
func TestCoalescing(t *testing.T) {
	started, enough := make(chan struct{}, 10), make(chan struct{})
	s := &scripted{fetch: func(context.Context, int64) (connectors.Answer, error) {
		started <- struct{}{}
		<-enough
		return oneRecord, nil
	}}
	g := guard.NewSource(guard.Terms{}, nil, time.Now).Guard(s, 0)
	var all sync.WaitGroup
	for _, decision := range []string{"one", "one", "one", "two"} {
		all.Go(func() {
			if answer, err := g.Fetch(t.Context(), query(t, decision)); err != nil || len(answer.Records) != 1 {
				t.Errorf("%v %v", answer, err)
			}
		})
	}
	<-started
	<-started
	time.Sleep(20 * time.Millisecond) // the others have joined, or would have asked
	close(enough)
	all.Wait()
	if s.calls.Load() != 2 {
		t.Errorf("%d questions for two decisions", s.calls.Load())
	}
}

// An answer serves again only as long as the item allows, and says of when it is.
func TestCache(t *testing.T) {
	now := time.Now()
	s := &scripted{fetch: always(oneRecord, nil)}
	source := guard.NewSource(guard.Terms{}, nil, func() time.Time { return now })
	g := source.Guard(s, time.Minute)
	first, _ := g.Fetch(t.Context(), query(t, "a"))
	fetched := now
	now = now.Add(59 * time.Second)
	second, err := g.Fetch(t.Context(), query(t, "b"))
	if err != nil || first.Cached || !second.Cached || !second.AsOf.Equal(fetched) || s.calls.Load() != 1 {
		t.Errorf("%+v then %+v, %d calls, %v", first, second, s.calls.Load(), err)
	}
	other := query(t, "c")
	other.CaseNo = "another case"
	if answer, _ := g.Fetch(t.Context(), other); answer.Cached {
		t.Error("another case got this one's answer")
	}
	now = now.Add(2 * time.Second)
	if answer, _ := g.Fetch(t.Context(), query(t, "d")); answer.Cached {
		t.Error("it served after its end")
	}
	uncached := source.Guard(s, 0)
	before := s.calls.Load()
	for range 2 {
		_, _ = uncached.Fetch(t.Context(), query(t, ""))
	}
	if s.calls.Load() != before+2 {
		t.Error("an item that allows no cache had one")
	}
}

func TestHealth(t *testing.T) {
	now := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	s := &scripted{fetch: func(_ context.Context, call int64) (connectors.Answer, error) {
		now = now.Add(40 * time.Millisecond)
		if call%10 == 0 {
			return connectors.Answer{}, connectors.ErrGarbage
		}
		return oneRecord, nil
	}}
	heard := map[string]int{}
	source := guard.NewSource(guard.Terms{ID: "s", Promise: guard.Promise{Availability: 99, P95: 100 * time.Millisecond}},
		func(_, result string, _ time.Duration) { heard[result]++ }, clock)
	g := source.Guard(s, 0)
	for range 100 {
		_, _ = g.Fetch(t.Context(), query(t, ""))
	}
	h := source.Health()
	if h.Calls != 100 || h.Failures != 10 || h.Availability() != 90 || h.P95 != 50*time.Millisecond || h.Kept() || h.LastFault != "garbage" || heard["ok"] != 90 {
		t.Errorf("%+v, heard %v", h, heard)
	}
	now = now.Add(2 * time.Hour)
	if h := source.Health(); h.Calls != 0 || h.Availability() != 100 {
		t.Errorf("two hours later: %+v", h)
	}
}

// A panic of a connector reaches its caller, who has an intent to close.
func TestPanicIsNotSwallowed(t *testing.T) {
	s := &scripted{fetch: func(context.Context, int64) (connectors.Answer, error) { panic("broken") }}
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
	}()
	_, _ = guard.NewSource(guard.Terms{}, nil, time.Now).Guard(s, 0).Fetch(t.Context(), query(t, "r"))
}

// BenchmarkGuard is what the guard adds to a call.
func BenchmarkGuard(b *testing.B) {
	g := guard.NewSource(guard.Terms{RatePerSecond: 1 << 30}, nil, time.Now).Guard(&scripted{fetch: always(oneRecord, nil)}, 0)
	q := query(b, "r")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Fetch(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
