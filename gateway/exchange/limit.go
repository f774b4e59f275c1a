package exchange

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"kapok/gateway"
	"kapok/policies"
)

// limits keeps grants' rates and quotas. A rate is shared evenly among the nodes that
// live; a quota is counted in the store, of which each node reserves a chunk at a
// time, so that no row is hot and no node passes it.
type limits struct {
	store Grants
	nodes atomic.Int64

	mu     sync.Mutex
	rates  map[string]*rate.Limiter // by grant
	quotas map[string]*allowance
}

// allowance is what this node holds of a grant's quota of one day.
type allowance struct {
	mu    sync.Mutex
	day   time.Time
	left  int
	spent bool // the store had nothing left on that day
}

func newLimits(store Grants) *limits {
	l := &limits{store: store, rates: map[string]*rate.Limiter{}, quotas: map[string]*allowance{}}
	l.nodes.Store(1)
	return l
}

// ShareRates tells among how many nodes rates are shared.
func (s *Service) ShareRates(nodes int) { s.limits.nodes.Store(int64(max(nodes, 1))) }

// charge takes what an allowed use costs, once however often it is decided: of the rate
// and the quota of its grant, and of the book of tests. It comes after the decision, so
// that only who may use the data at all is counted, and before the source is asked.
func (s *Service) charge(ctx context.Context, u *use) error {
	if u.charged != u.grant.ID { // decided again, another grant may serve: it is that one's use
		if err := s.limits.take(ctx, u.grant, s.now()); err != nil {
			return err
		}
		u.charged = u.grant.ID
	}
	return s.guardTests(ctx, u)
}

func (l *limits) take(ctx context.Context, g *policies.Grant, now time.Time) error {
	if err := l.atRate(g, now); err != nil {
		return err
	}
	return l.inQuota(ctx, g, now)
}

func (l *limits) atRate(g *policies.Grant, now time.Time) error {
	if g.RatePerSecond == 0 {
		return nil
	}
	reserved := l.limiter(g).ReserveN(now, 1)
	wait := reserved.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reserved.CancelAt(now)
	return tooMany("rate-exceeded", "The grant's rate is used up at this moment.", wait)
}

func (l *limits) limiter(g *policies.Grant) *rate.Limiter {
	share := float64(g.RatePerSecond) / float64(l.nodes.Load())
	burst := max(int(share), 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.rates[g.ID]
	if !ok {
		known = rate.NewLimiter(rate.Limit(share), burst)
		l.rates[g.ID] = known
	}
	if known.Limit() != rate.Limit(share) {
		known.SetLimit(rate.Limit(share))
		known.SetBurst(burst)
	}
	return known
}

// quotaChunks is into how many chunks a day's quota is cut: the last of it is taken
// use by use.
const quotaChunks = 50

func (l *limits) inQuota(ctx context.Context, g *policies.Grant, now time.Time) error {
	if g.DailyQuota == 0 {
		return nil
	}
	day := beijingDay(now)
	held := l.allowance(g.ID)
	held.mu.Lock()
	defer held.mu.Unlock()
	if !held.day.Equal(day) {
		held.day, held.left, held.spent = day, 0, false
	}
	if held.left == 0 && !held.spent {
		got, err := l.store.ReserveUses(ctx, g.ID, day, g.DailyQuota, max(g.DailyQuota/quotaChunks, 1))
		if err != nil {
			return gateway.Fail(gateway.Unavailable, "store-unavailable", "The grant's quota could not be counted; try again.").Because(err)
		}
		held.left, held.spent = got, got == 0
	}
	if held.left == 0 {
		return tooMany("quota-exceeded", "The grant's quota of this day is used up.", day.AddDate(0, 0, 1).Add(-8*time.Hour).Sub(now))
	}
	held.left--
	return nil
}

func (l *limits) allowance(grant string) *allowance {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, ok := l.quotas[grant]
	if !ok {
		held = &allowance{}
		l.quotas[grant] = held
	}
	return held
}

// ReturnQuotas gives back what this node reserved and did not use.
func (s *Service) ReturnQuotas(ctx context.Context) error {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	var failed error
	for grant, held := range s.limits.quotas {
		held.mu.Lock()
		if held.left > 0 {
			failed = errors.Join(failed, s.limits.store.ReturnUses(ctx, grant, held.day, held.left))
			held.left = 0
		}
		held.mu.Unlock()
	}
	return failed
}

// beijingDay is the day, as a date in UTC, that it is in Beijing.
func beijingDay(now time.Time) time.Time {
	local := now.UTC().Add(8 * time.Hour)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
}

func tooMany(code, says string, wait time.Duration) *gateway.Error {
	failure := gateway.Fail(gateway.TooMany, code, says)
	failure.RetryAfter = wait
	failure.Remedy = "Come back after Retry-After, or apply for a higher limit."
	return failure
}
