package messages

import (
	"sync"
	"time"

	"kapok/crypto/keys"
)

const (
	// keyLife bounds how long a node may seal with a key that another has destroyed.
	keyLife  = 10 * time.Minute
	maxKnown = 1 << 16 // keys; about 10 MB
)

// cache holds open keys of owners, so that a person who is asked about again costs no
// look-up. It is emptied whole when it is full.
type cache struct {
	mu   sync.RWMutex
	keys map[string]held
}

type held struct {
	key   *keys.PersonKey
	until time.Time
}

func (c *cache) find(owner string, now time.Time) *keys.PersonKey {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found, ok := c.keys[owner]
	if !ok || !now.Before(found.until) {
		return nil
	}
	return found.key
}

func (c *cache) keep(owner string, key *keys.PersonKey, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.keys) >= maxKnown {
		clear(c.keys)
	}
	c.keys[owner] = held{key, now.Add(keyLife)}
}
