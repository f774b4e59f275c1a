package postgres

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestLoaderSharesWithoutWaiting: the first question goes alone and at once; all that
// come while it is under way make the second trip.
func TestLoaderSharesWithoutWaiting(t *testing.T) {
	trips := make(chan []question)
	release := make(chan struct{})
	l := newLoader(func(_ context.Context, questions []question) ([]resolved, error) {
		trips <- questions
		<-release
		return echo(questions), nil
	})
	var callers sync.WaitGroup
	ask := func(n int) {
		callers.Go(func() {
			got, err := l.get(t.Context(), question{basisID: strconv.Itoa(n)})
			if err != nil || got.subjectRef != strconv.Itoa(n) {
				t.Errorf("caller %d was told %q, %v", n, got.subjectRef, err)
			}
		})
	}
	ask(0)
	if first := <-trips; len(first) != 1 {
		t.Errorf("the first trip carries %d questions", len(first))
	}
	for n := range 50 {
		ask(n + 1)
	}
	queued(t, l, 50)
	release <- struct{}{}
	if second := <-trips; len(second) != 50 {
		t.Errorf("the second trip carries %d questions", len(second))
	}
	release <- struct{}{}
	callers.Wait()
	queued(t, l, 0)
}

func TestLoaderBoundsATrip(t *testing.T) {
	var mu sync.Mutex
	longest := 0
	l := newLoader(func(_ context.Context, questions []question) ([]resolved, error) {
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, len(questions))
		time.Sleep(time.Millisecond)
		return echo(questions), nil
	})
	var callers sync.WaitGroup
	for n := range 5 * maxLoad {
		callers.Go(func() {
			if got, err := l.get(t.Context(), question{basisID: strconv.Itoa(n)}); err != nil || got.subjectRef != strconv.Itoa(n) {
				t.Errorf("caller %d was told %q, %v", n, got.subjectRef, err)
			}
		})
	}
	callers.Wait()
	if longest > maxLoad || longest < 2 {
		t.Errorf("the longest trip carried %d questions", longest)
	}
}

func TestLoaderFailureReachesAllAndPasses(t *testing.T) {
	failing := errors.New("failing")
	fail := true
	l := newLoader(func(_ context.Context, questions []question) ([]resolved, error) {
		if fail {
			return nil, failing
		}
		return echo(questions), nil
	})
	if _, err := l.get(t.Context(), question{}); !errors.Is(err, failing) {
		t.Errorf("error: %v", err)
	}
	queued(t, l, 0)
	fail = false
	if _, err := l.get(t.Context(), question{}); err != nil {
		t.Errorf("after the failure: %v", err)
	}
}

func TestLoaderCallerMayLeave(t *testing.T) {
	release := make(chan struct{})
	l := newLoader(func(_ context.Context, questions []question) ([]resolved, error) {
		<-release
		return echo(questions), nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	var left sync.WaitGroup
	left.Go(func() {
		if _, err := l.get(ctx, question{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error: %v", err)
		}
	})
	cancel()
	left.Wait()
	close(release)
	if _, err := l.get(t.Context(), question{basisID: "next"}); err != nil {
		t.Error(err)
	}
}

func echo(questions []question) []resolved {
	answers := make([]resolved, len(questions))
	for i, q := range questions {
		answers[i].subjectRef = q.basisID
	}
	return answers
}

func queued(t *testing.T, l *loader[question, resolved], n int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		l.mu.Lock()
		got := len(l.queue)
		l.mu.Unlock()
		if got == n {
			return
		}
	}
	t.Fatalf("not %d questions in the queue", n)
}
