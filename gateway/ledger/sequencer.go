package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"kapok/gateway"
)

// pendingEvery is how often the log looks for entries that others left pending.
const pendingEvery = time.Second

// errKnownLost says of a commit that failed that it wrote nothing.
var errKnownLost = errors.New("ledger: the commit failed and nothing was written")

// errUnknown says of a commit that failed that nobody knows.
var errUnknown = errors.New("ledger: whether the commit was carried out is not known")

// sequence is the log's one writer. It starts a batch as soon as there is
// something to write; what arrives during a commit makes up the next batch.
func (l *Log) sequence() {
	defer close(l.done)
	look := time.NewTicker(pendingEvery)
	defer look.Stop()
	for {
		b := &batch{}
		select {
		case first := <-l.queue:
			b.requests = append(b.requests, first)
		case <-l.wake:
			b.pending = true
		case <-look.C:
			b.pending = true
		case <-l.closing:
			l.finish()
			return
		}
		b.awaited = l.drains.ids()
		b.pending = (b.pending || len(b.awaited) > 0) && !l.options.Estate
		l.gather(b)
		l.seal(b)
	}
}

// gather takes what waits already, up to a batch.
func (l *Log) gather(b *batch) {
	for len(b.requests) < l.options.MaxBatch {
		select {
		case r := <-l.queue:
			b.requests = append(b.requests, r)
		default:
			return
		}
	}
}

// finish seals what was accepted before the log closed.
func (l *Log) finish() {
	for {
		b := &batch{}
		l.gather(b)
		if len(b.requests) == 0 {
			return
		}
		l.seal(b)
	}
}

// seal commits a batch and answers everyone in it. A batch that certainly wrote
// nothing is tried once more: a database that restarted costs its callers nothing.
func (l *Log) seal(b *batch) {
	began := time.Now()
	err := l.attempt(b)
	if err != nil && mayRepeat(err) {
		l.options.Log.Warn("the ledger's batch failed and is tried once more", "origin", l.lease.Origin, "error", err)
		err = l.attempt(b)
	}
	if err != nil {
		l.refuse(b, err)
		return
	}
	if len(b.items) > 0 {
		l.floor = b.head
		l.options.OnBatch(len(b.items), time.Since(began))
	}
	b.answer(l.lease.Origin)
	l.drains.answer(b, l.lease.Origin)
	if l.drains.waiting() {
		time.AfterFunc(drainPause, l.wakeUp)
	}
	runtime.Gosched() // those just answered run now, so that their next appends make one batch and not many
}

func mayRepeat(err error) bool {
	return !errors.Is(err, ErrLeaseLost) && !errors.Is(err, errUnknown) && !errors.Is(err, errBehind)
}

// refuse answers with what is true of a batch that failed.
func (l *Log) refuse(b *batch, err error) {
	failure := failed()
	switch {
	case errors.Is(err, errUnknown):
		failure = unknown()
	case errors.Is(err, ErrLeaseLost):
		failure = lost()
	case errors.Is(err, errBehind):
		failure = behind()
	}
	if errors.Is(err, ErrLeaseLost) {
		l.fence()
	}
	if len(b.requests) > 0 || len(b.awaited) > 0 {
		l.options.Log.Error("the ledger could not be written", "origin", l.lease.Origin, "entries", len(b.requests), "error", err)
	}
	b.refuse(failure.Because(err))
	if l.fenced.Load() {
		l.drains.refuse(b.awaited, failure.Because(err)) // otherwise they wait on: what is pending will be sealed
	}
}

// attempt is one transaction. After any failure the log forgets its tree, and the
// next attempt loads it from the database.
func (l *Log) attempt(b *batch) error {
	if l.fenced.Load() {
		return ErrLeaseLost
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.options.Timeout)
	defer cancel()
	if l.tree == nil {
		if err := l.load(ctx); err != nil {
			return err
		}
	}
	ask := b.ask(l.tree.size, l.options.Now(), l.memo)
	if l.trusts(b, ask) {
		return l.sealAtOnce(ctx, b, ask)
	}
	tx, read, err := l.store.Begin(ctx, l.lease, ask)
	if err != nil {
		l.tree = nil
		return err
	}
	b.decide(read, l.memo)
	if len(b.items) == 0 {
		tx.Discard(ctx)
		return nil
	}
	w, err := l.prepare(ctx, b)
	if err != nil {
		l.tree = nil
		tx.Discard(ctx)
		return err
	}
	if err := tx.Commit(ctx, w); err != nil {
		return l.settle(b.before, w, err)
	}
	l.storedKey = w.Key
	return nil
}

// waryFor is how many batches are asked about first after one in whose way something
// stood: those who try what is stopped or claimed come in numbers.
const waryFor = 8

// trusts reports whether a batch may be written without asking first what stands in
// its way.
func (l *Log) trusts(b *batch, ask Ask) bool {
	if l.wary > 0 {
		l.wary--
		return false
	}
	for i, edition := range ask.Editions {
		if slices.ContainsFunc(ask.Editions[:i], func(other Edition) bool { return other.Kind == edition.Kind }) {
			return false
		}
	}
	return !b.pending && len(b.awaited) == 0
}

// sealAtOnce takes it for granted that nothing stands in the batch's way, and has the
// store check that in the transaction that writes it. Where it is not so, nothing was
// written, and the batch is tried again in the way that asks first.
func (l *Log) sealAtOnce(ctx context.Context, b *batch, ask Ask) error {
	b.decide(Read{Editions: ask.Editions}, l.memo)
	if len(b.items) == 0 {
		return nil
	}
	stood, sealed := l.tree.mark(), l.sealed
	w, err := l.prepare(ctx, b)
	if err != nil {
		l.tree = nil
		return err
	}
	err = l.store.Seal(ctx, l.lease, ask, w)
	switch {
	case err == nil:
		l.storedKey = w.Key
		return nil
	case errors.Is(err, ErrFound):
		l.tree.back(stood)
		l.sealed = sealed // or the month that this batch begins would go unlisted
		l.wary = waryFor
		return l.attempt(b)
	case errors.Is(err, ErrLeaseLost), errors.Is(err, ErrMoved), errors.Is(err, ErrNotSent):
		l.tree = nil
		return err
	}
	return l.settle(b.before, w, err)
}

// settle finds out what became of a commit that failed: its reply may have been
// lost, or it never happened. The load waits for a commit still under way.
func (l *Log) settle(before uint64, w Write, cause error) error {
	l.tree = nil
	ctx, cancel := context.WithTimeout(context.Background(), l.options.Timeout)
	defer cancel()
	state, err := l.store.Load(ctx, l.lease)
	switch {
	case errors.Is(err, ErrLeaseLost):
		l.fence()
		return fmt.Errorf("%w: %w", errUnknown, cause)
	case err != nil:
		return fmt.Errorf("%w: %w, and then: %w", errUnknown, cause, err)
	case state.Checkpoint == w.Checkpoint:
		return nil
	case state.Size == before:
		return fmt.Errorf("%w: %w", errKnownLost, cause)
	}
	return fmt.Errorf("%w: %w", errUnknown, cause)
}

func (l *Log) wakeUp() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// internal answers one member whose own entry is at fault; the others go on.
func internal(cause error) *gateway.Error {
	return gateway.Fail(gateway.Internal, "ledger-entry-malformed", "What was to be recorded breaks a rule of the ledger.").Because(cause)
}
