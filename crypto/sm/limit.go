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
// from everybody's.
type limit struct {
	seed      maphash.Seed
	perCaller pace
	callers   [slots]budget
	perAll    pace
	all       budget
}

func newLimit(perCaller, perAll pace) *limit {
	return &limit{seed: maphash.MakeSeed(), perCaller: perCaller, perAll: perAll}
}

func (l *limit) allow(caller string, now time.Time) bool {
	slot := &l.callers[maphash.String(l.seed, caller)%slots]
	return slot.take(l.perCaller, now) && l.all.take(l.perAll, now)
}

// pace is a rate: one every interval, and burst at once after a pause.
type pace struct {
	interval time.Duration
	burst    int
}

func newPace(perSecond float64, burst int) pace {
	return pace{interval: time.Duration(float64(time.Second) / perSecond), burst: burst}
}

// budget is a token bucket told by one number: the time, in ns, at which it will
// be full again (the generic cell rate algorithm, ITU-T I.371).
type budget struct{ full atomic.Int64 }

func (b *budget) take(p pace, now time.Time) bool {
	for {
		was := b.full.Load()
		next := max(was, now.UnixNano()) + int64(p.interval)
		if next-now.UnixNano() > int64(p.interval)*int64(p.burst) {
			return false
		}
		if b.full.CompareAndSwap(was, next) {
			return true
		}
	}
}
