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
type loader struct {
	load func(context.Context, []question) ([]resolved, error)

	mu      sync.Mutex
	queue   []*waiting
	running bool
}

// waiting is a question whose caller waits.
type waiting struct {
	question question
	answered chan struct{} // closed when answer or err is there
	answer   resolved
	err      error
}

func newLoader(load func(context.Context, []question) ([]resolved, error)) *loader {
	return &loader{load: load}
}

// get answers one question, or gives up with ctx; the round trip goes on for others.
func (l *loader) get(ctx context.Context, q question) (resolved, error) {
	w := &waiting{question: q, answered: make(chan struct{})}
	l.enter(w)
	select {
	case <-w.answered:
		return w.answer, explain(w.err)
	case <-ctx.Done():
		return resolved{}, ctx.Err()
	}
}

func (l *loader) enter(w *waiting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, w)
	if !l.running {
		l.running = true
		go l.run()
	}
}

// run makes round trips until nobody waits.
func (l *loader) run() {
	for batch := l.next(); len(batch) > 0; batch = l.next() {
		l.answer(batch)
	}
}

func (l *loader) next() []*waiting {
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

func (l *loader) answer(batch []*waiting) {
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	questions := make([]question, len(batch))
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
