package guard

import (
	"sync"
	"time"

	"kapok/connectors"
)

// cacheLimit bounds the answers that one item keeps.
const cacheLimit = 10_000

// cache keeps answers in memory for as long as the item allows.
type cache struct {
	life time.Duration
	now  func() time.Time

	mu   sync.Mutex
	held map[question]entry
}

type entry struct {
	answer connectors.Answer
	end    time.Time
}

func newCache(life time.Duration, now func() time.Time) *cache {
	return &cache{life: life, now: now, held: map[question]entry{}}
}

func (c *cache) find(q question) (connectors.Answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, held := c.held[q]
	if !held || !c.now().Before(found.end) {
		delete(c.held, q)
		return connectors.Answer{}, false
	}
	return found.answer, true
}

// keep stores an answer as one that was fetched now. Where the source does not say of
// when its data is, that is what its "as of" becomes.
func (c *cache) keep(q question, answer connectors.Answer) {
	now := c.now()
	answer.Cached = true
	if answer.AsOf.IsZero() {
		answer.AsOf = now.UTC()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held) >= cacheLimit {
		c.drop(now)
	}
	c.held[q] = entry{answer, now.Add(c.life)}
}

// drop forgets what has ended, and everything where nothing has.
func (c *cache) drop(now time.Time) {
	for q, held := range c.held {
		if !now.Before(held.end) {
			delete(c.held, q)
		}
	}
	if len(c.held) >= cacheLimit {
		clear(c.held)
	}
}
