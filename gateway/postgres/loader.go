package postgres

import (
	"context"
	"sync"
	"time"
)

// maxLoad is how many questions one round trip answers at most.
const maxLoad = 256

// loadTimeout bounds a round trip, which serves many callers and so none's context.
const loadTimeout = 10 * time.Second

// loader lets concurrent callers share round trips, without making anybody wait for
// others: a question that finds none under way goes at once; those that come
// meanwhile make up the next one.
type loader[Q, A any] struct {
	load func(context.Context, []Q) ([]A, error)

	mu      sync.Mutex
	queue   []*waiting[Q, A]
	running bool
}

// waiting is a question whose caller waits.
type waiting[Q, A any] struct {
	question Q
	answered chan struct{} // closed when answer or err is there
	answer   A
	err      error
}

func newLoader[Q, A any](load func(context.Context, []Q) ([]A, error)) *loader[Q, A] {
	return &loader[Q, A]{load: load}
}

// get answers one question, or gives up with ctx; the round trip goes on for others.
func (l *loader[Q, A]) get(ctx context.Context, q Q) (answer A, err error) {
	w := &waiting[Q, A]{question: q, answered: make(chan struct{})}
	l.enter(w)
	select {
	case <-w.answered:
		return w.answer, explain(w.err)
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

func (l *loader[Q, A]) enter(w *waiting[Q, A]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, w)
	if !l.running {
		l.running = true
		go l.run()
	}
}

// run makes round trips until nobody waits.
func (l *loader[Q, A]) run() {
	for batch := l.next(); len(batch) > 0; batch = l.next() {
		l.answer(batch)
	}
}

func (l *loader[Q, A]) next() []*waiting[Q, A] {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), maxLoad)
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	if n == 0 {
		l.queue, l.running = nil, false
	}
	return batch
}

func (l *loader[Q, A]) answer(batch []*waiting[Q, A]) {
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	questions := make([]Q, len(batch))
	for i, w := range batch {
		questions[i] = w.question
	}
	answers, err := l.load(ctx, questions)
	for i, w := range batch {
		if w.err = err; err == nil {
			w.answer = answers[i]
		}
		close(w.answered)
	}
}
