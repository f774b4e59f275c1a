package ledger

import (
	"context"
	"slices"
	"sync"
	"time"
)

// settleEvery is how long what was settled may stay unsettled in the store. Nobody
// waits for it; it costs the disk one more commit in that time.
const settleEvery = 50 * time.Millisecond

// Settled says that nothing more will come of an intent: its outcome is sealed and
// the bytes are handed over, or none ever will be. The store learns it a moment
// later; a node that ends before leaves the intent to its successor.
func (l *Log) Settled(ref string) { l.settled.add(ref) }

// settled are the references that the store is to forget.
type settled struct {
	mu   sync.Mutex
	refs []string
}

func (s *settled) add(refs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refs = append(s.refs, refs...)
}

func (s *settled) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.refs
	s.refs = nil
	return taken
}

func (l *Log) keepSettling() {
	every := time.NewTicker(settleEvery)
	defer every.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-every.C:
			l.settleOrWarn()
		}
	}
}

func (l *Log) settleOrWarn() {
	if err := l.settleNow(context.Background()); err != nil {
		l.options.Log.Warn("settled intents could not be noted yet", "origin", l.lease.Origin, "error", err)
	}
}

// settleAtOnce bounds one statement.
const settleAtOnce = 4096

// settleNow keeps for the next time what the store did not take.
func (l *Log) settleNow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	refs := l.settled.take()
	for some := range slices.Chunk(refs, settleAtOnce) {
		if err := l.store.Settle(ctx, l.lease.Origin, some); err != nil {
			l.settled.add(refs...)
			return err
		}
	}
	return nil
}
