package messages

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kapok/gateway/ledger"
)

// Releases writes the messages of releases off the path, many at a time: a release
// is signed after its outcome is sealed, and has left already. What a crash loses is
// the last moment's; the caller holds each of them as well.
type Releases struct {
	keeper *Keeper
	write  func(ctx context.Context, batch []Released) error
	log    *slog.Logger
	queue  chan request
	done   chan struct{}
	lost   atomic.Int64

	mu     sync.RWMutex
	closed bool
}

// Released is a sealed release with the reference of its exchange.
type Released struct {
	Ref        string
	Attachment ledger.Attachment
}

type request struct {
	ref, subject string
	message      func() ([]byte, error)
}

const (
	releaseQueue = 8192
	releaseBatch = 512
	releasePause = 500 * time.Millisecond
	releaseTime  = 10 * time.Second
)

// NewReleases starts the writer; write makes a batch durable in its own time.
func NewReleases(keeper *Keeper, write func(context.Context, []Released) error, log *slog.Logger) *Releases {
	r := &Releases{keeper: keeper, write: write, log: log, queue: make(chan request, releaseQueue), done: make(chan struct{})}
	go r.run()
	return r
}

// Keep takes a release to be written soon; message is called later, once. It never
// waits: past the queue's length releases are counted as lost, and said to be.
func (r *Releases) Keep(ref, subjectRef string, message func() ([]byte, error)) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		r.lost.Add(1)
		return
	}
	select {
	case r.queue <- request{ref, subjectRef, message}:
	default:
		r.lost.Add(1)
	}
}

// Lost is how many releases were not kept.
func (r *Releases) Lost() int64 { return r.lost.Load() }

// Close writes what waits.
func (r *Releases) Close() {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.mu.Unlock()
	<-r.done
}

func (r *Releases) run() {
	defer close(r.done)
	for first := range r.queue {
		pause := time.NewTimer(releasePause)
		batch := r.gather(first, pause.C)
		pause.Stop()
		r.flush(batch)
	}
}

// gather waits a moment for more, so that one transaction serves many.
func (r *Releases) gather(first request, end <-chan time.Time) []request {
	batch := []request{first}
	for len(batch) < releaseBatch {
		select {
		case next, open := <-r.queue:
			if !open {
				return batch
			}
			batch = append(batch, next)
		case <-end:
			return batch
		}
	}
	return batch
}

func (r *Releases) flush(batch []request) {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	sealed := make([]Released, 0, len(batch))
	for _, one := range batch {
		released, err := r.seal(ctx, one)
		if err != nil {
			r.lose(1, err)
			continue
		}
		sealed = append(sealed, released)
	}
	if err := r.write(ctx, sealed); err != nil {
		r.lose(len(sealed), err)
	}
}

func (r *Releases) seal(ctx context.Context, one request) (Released, error) {
	message, err := one.message()
	if err != nil {
		return Released{}, err
	}
	attachment, err := r.keeper.Seal(ctx, one.subject, Use, message)
	if err != nil {
		return Released{}, err
	}
	return Released{one.ref, *attachment}, nil
}

func (r *Releases) lose(n int, cause error) {
	r.lost.Add(int64(n))
	r.log.Error("signatures of releases could not be kept; their entries stand in the ledger", "releases", n, "error", cause)
}
