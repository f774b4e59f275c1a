package ledger

import (
	"context"
	"slices"
	"sync"
	"time"

	"kapok/gateway"
)

// drainPause is how long the log waits before it looks again for a pending entry
// that somebody waits for and another node has in hand.
const drainPause = 5 * time.Millisecond

// Drain waits until a pending entry is sealed, by this log or another, and returns
// it. Call it after the transaction that wrote it has committed. A pending entry
// that does not exist is NotFound, ledger-pending-unknown.
func (l *Log) Drain(ctx context.Context, pendingID string) (Sealed, error) {
	if err := l.refusing(); err != nil {
		return Sealed{}, err
	}
	w := &waiter{id: pendingID, result: make(chan answer, 1)}
	l.drains.add(w)
	defer l.drains.remove(w)
	l.wakeUp()
	sealed, err := l.await(ctx, w.result)
	if err != nil || sealed.evidence != nil {
		return sealed, err
	}
	return SealedAt(ctx, l.store, sealed.Origin, sealed.Index)
}

type waiter struct {
	id     string
	result chan answer // one answer fits
}

// drains are those who wait for pending entries.
type drains struct {
	mu      sync.Mutex
	waiters []*waiter
}

func (d *drains) add(w *waiter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiters = append(d.waiters, w)
}

func (d *drains) remove(w *waiter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiters = slices.DeleteFunc(d.waiters, func(one *waiter) bool { return one == w })
}

func (d *drains) waiting() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.waiters) > 0
}

func (d *drains) ids() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ids []string
	for _, w := range d.waiters {
		ids = append(ids, w.id)
	}
	return ids
}

// tell answers, once, everyone who waits for id.
func (d *drains) tell(id string, got answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiters = slices.DeleteFunc(d.waiters, func(w *waiter) bool {
		if w.id != id {
			return false
		}
		w.result <- got
		return true
	})
}

// answer tells what a batch settled.
func (d *drains) answer(b *batch, origin string) {
	for _, it := range b.items {
		if it.pending != "" {
			d.tell(it.pending, answer{sealed: b.sealed(it, origin)})
		}
	}
	for _, settled := range b.settled {
		if settled.Known {
			d.tell(settled.ID, answer{sealed: Sealed{Origin: settled.Origin, Index: settled.Index}})
			continue
		}
		d.tell(settled.ID, answer{err: gateway.Fail(gateway.NotFound, "ledger-pending-unknown", "There is no such pending entry.")})
	}
}

func (d *drains) refuse(ids []string, err error) {
	for _, id := range ids {
		d.tell(id, answer{err: err})
	}
}
