package sm

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// slots is how many budgets a [limit] keeps. Callers share a slot by a keyed
// hash of their name, so names invented by an attacker cost no memory, and
// nobody can choose with whom to collide.
const slots = 4096

// limit bounds how often something may be done, per caller and in total. The
// caller's budget is asked first, so that a caller beyond its own does not eat
// from everybody's; it is given back when the total says no, so that nobody
// drains the others' slots with invented names.
type limit struct {
	started   time.Time // its monotonic clock, which nobody sets back
	seed      maphash.Seed
	perCaller pace
	callers   [slots]budget
	perAll    pace
	all       budget
}

func newLimit(perCaller, perAll pace) *limit {
	return &limit{started: time.Now(), seed: maphash.MakeSeed(), perCaller: perCaller, perAll: perAll}
}

func (l *limit) allow(caller string) bool { return l.allowAt(caller, time.Since(l.started)) }

func (l *limit) allowAt(caller string, now time.Duration) bool {
	slot := &l.callers[l.slot(caller)]
	if !slot.take(l.perCaller, now) {
		return false
	}
	if !l.all.take(l.perAll, now) {
		slot.giveBack(l.perCaller)
		return false
	}
	return true
}

func (l *limit) slot(caller string) uint64 { return maphash.String(l.seed, caller) % slots }

// pace is a rate: one every interval, and burst at once after a pause.
type pace struct{ interval, burst time.Duration } // burst as the time it takes

// Bounds that keep a pace's products within 63 bits.
const (
	maxInterval = time.Hour
	maxBurst    = 1_000_000
)

func newPace(perSecond float64, burst int) pace {
	interval := time.Duration(min(float64(maxInterval), float64(time.Second)/perSecond))
	return pace{interval: interval, burst: interval * time.Duration(min(burst, maxBurst))}
}

// budget is a token bucket told by one number: the time, in ns, at which it will
// be full again (the generic cell rate algorithm of ITU-T I.371).
type budget struct{ full atomic.Int64 }

func (b *budget) take(p pace, now time.Duration) bool {
	for {
		was := b.full.Load()
		next := max(time.Duration(was), now) + p.interval
		if next-now > p.burst {
			return false
		}
		if b.full.CompareAndSwap(was, int64(next)) {
			return true
		}
	}
}

func (b *budget) giveBack(p pace) { b.full.Add(-int64(p.interval)) }
