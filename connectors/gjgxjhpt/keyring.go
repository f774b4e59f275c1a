package gjgxjhpt

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"kapok/connectors"
)

const (
	exchangeTime  = 10 * time.Second // for one key exchange, whoever waits for it
	renewalMargin = time.Minute      // renewed so long before its end, or at a tenth of its life
	renewalPause  = 5 * time.Second  // between renewals that failed while the old secret still serves
)

// secret is what signs business calls until its end.
type secret struct {
	key []byte
	end time.Time
}

// keyring keeps the current secret. While it serves, it is renewed behind the
// calls; calls wait only when there is none. At most one exchange is under way.
type keyring struct {
	exchange func(context.Context) (*secret, error)
	now      func() time.Time
	flight   singleflight.Group

	mu    sync.Mutex
	held  *secret   // nil when there is none to trust
	renew time.Time // when to look for the next one
}

func newKeyring(exchange func(context.Context) (*secret, error), now func() time.Time) *keyring {
	return &keyring{exchange: exchange, now: now}
}

// current returns a secret that has not ended, and waits for one at most as
// long as ctx lasts.
func (k *keyring) current(ctx context.Context) (*secret, error) {
	k.mu.Lock()
	held, renew := k.held, k.renew
	k.mu.Unlock()
	now := k.now()
	if held == nil || !now.Before(held.end) {
		return k.wait(ctx, held)
	}
	if !now.Before(renew) {
		k.start(ctx, held)
	}
	return held, nil
}

// distrust forgets a secret that the platform no longer accepts, unless a newer
// one has come meanwhile.
func (k *keyring) distrust(old *secret) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == old {
		k.held = nil
	}
}

func (k *keyring) wait(ctx context.Context, old *secret) (*secret, error) {
	select {
	case done := <-k.start(ctx, old):
		if done.Err != nil {
			return nil, done.Err
		}
		return done.Val.(*secret), nil
	case <-ctx.Done():
		return nil, connectors.Lost(ctx, ctx.Err())
	}
}

// start joins the exchange under way or begins one, unless another secret than the
// old one came in between: whoever saw the old one may come here only after the
// exchange for it has ended. It outlives the call that began it, because others wait
// for it too.
func (k *keyring) start(ctx context.Context, old *secret) <-chan singleflight.Result {
	return k.flight.DoChan("", func() (any, error) {
		if newer := k.since(old); newer != nil {
			return newer, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
		defer cancel()
		fresh, err := k.exchange(ctx)
		k.keep(fresh, err)
		return fresh, err
	})
}

// since returns the secret held, when it is another one than old and serves.
func (k *keyring) since(old *secret) *secret {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil || k.held == old || !k.now().Before(k.held.end) {
		return nil
	}
	return k.held
}

func (k *keyring) keep(fresh *secret, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if err != nil {
		k.renew = now.Add(renewalPause)
		return
	}
	k.held = fresh
	k.renew = fresh.end.Add(-min(renewalMargin, fresh.end.Sub(now)/10))
}
