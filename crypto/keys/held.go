package keys

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"kapok/crypto/sm"
)

const (
	lookupKeySize  = 32
	refreshPause   = 5 * time.Second // an unknown version asks the key service at most this often
	refreshTimeout = 10 * time.Second
)

// secrets is what of the key service is held in memory, as one snapshot.
type secrets struct {
	wrapping versions // the key-encryption keys of persons' keys, SM4
	lookup   versions // HMAC-SM3
}

func newSecrets(wrapping, lookup map[int][]byte) (*secrets, error) {
	s := &secrets{
		wrapping: versions{wrapping, sm.KeySize},
		lookup:   versions{lookup, lookupKeySize},
	}
	if err := s.wrapping.check(); err != nil {
		return nil, fmt.Errorf("key-encryption key: %w", err)
	}
	if err := s.lookup.check(); err != nil {
		return nil, fmt.Errorf("look-up key: %w", err)
	}
	return s, nil
}

// held keeps the snapshot and asks the key service again when a version turns up
// that another node has made since.
type held struct {
	load    func(ctx context.Context) (*secrets, error)
	current atomic.Pointer[secrets]
	mu      sync.Mutex
	asked   time.Time
}

func (h *held) snapshot() *secrets { return h.current.Load() }

// refresh loads the secrets anew.
func (h *held) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	loaded, err := h.load(ctx)
	if err != nil {
		return err
	}
	h.current.Store(loaded)
	return nil
}

// refreshForUnknown is refresh, but not more often than refreshPause: unknown
// versions in a table must not become a load on the key service.
func (h *held) refreshForUnknown(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.asked) < refreshPause {
		return nil
	}
	h.asked = time.Now()
	return h.refresh(ctx)
}
