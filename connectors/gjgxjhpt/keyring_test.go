package gjgxjhpt

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kapok/connectors"
)

// platform lends secrets that live an hour, after a second's thought.
type platform struct {
	mu    sync.Mutex
	lent  int
	fails bool
}

func (p *platform) lend(context.Context) (*secret, error) {
	time.Sleep(time.Second)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails {
		return nil, connectors.ErrUnavailable
	}
	p.lent++
	return &secret{key: []byte{byte(p.lent)}, end: time.Now().Add(time.Hour)}, nil
}

func (p *platform) fail(fails bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fails = fails
}

func wantKey(t *testing.T, k *keyring, want byte) *secret {
	t.Helper()
	got, err := k.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.key[0] != want {
		t.Fatalf("secret %d, want %d", got.key[0], want)
	}
	return got
}

func TestManyCallersShareOneExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		k := newKeyring(p.lend, time.Now)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if got, err := k.current(t.Context()); err != nil || got.key[0] != 1 {
					t.Errorf("secret %v, %v", got, err)
				}
			})
		}
		all.Wait()
	})
}

// TestLateCallerTakesWhatCame: who saw no secret, and comes to wait for one only after the
// exchange that others began has ended, begins none.
func TestLateCallerTakesWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		k := newKeyring(p.lend, time.Now)
		first := wantKey(t, k, 1)
		if got, err := k.wait(t.Context(), nil); err != nil || got != first {
			t.Errorf("got %v, %v", got, err)
		}
		k.distrust(first)
		if got, err := k.wait(t.Context(), first); err != nil || got == first || p.lent != 2 {
			t.Errorf("after the secret was distrusted got %v, %v, %d lent", got, err, p.lent)
		}
	})
}

func TestRenewalDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		k := newKeyring(p.lend, time.Now)
		wantKey(t, k, 1)
		time.Sleep(58 * time.Minute)
		wantKey(t, k, 1)
		time.Sleep(90 * time.Second) // less than a minute is left

		before := time.Now()
		wantKey(t, k, 1)
		if time.Since(before) != 0 {
			t.Error("a call waited although the old secret serves")
		}
		time.Sleep(2 * time.Second)
		wantKey(t, k, 2)
	})
}

func TestFailedRenewalRestsAndTheOldSecretServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		k := newKeyring(p.lend, time.Now)
		wantKey(t, k, 1)
		time.Sleep(59*time.Minute + 10*time.Second)
		p.fail(true)
		wantKey(t, k, 1)
		time.Sleep(2 * time.Second)
		p.fail(false)
		wantKey(t, k, 1)
		time.Sleep(2 * time.Second) // still resting: no exchange was begun
		wantKey(t, k, 1)
		time.Sleep(4 * time.Second)
		wantKey(t, k, 1)
		time.Sleep(2 * time.Second)
		wantKey(t, k, 2)
	})
}

func TestEndedSecretIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		k := newKeyring(p.lend, time.Now)
		wantKey(t, k, 1)
		time.Sleep(time.Hour)
		p.fail(true)
		if _, err := k.current(t.Context()); !errors.Is(err, connectors.ErrUnavailable) {
			t.Errorf("%v, want unavailable", err)
		}
		p.fail(false)
		wantKey(t, k, 2)
	})
}

func TestDistrustForgetsOnlyThatSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		k := newKeyring(p.lend, time.Now)
		first := wantKey(t, k, 1)
		k.distrust(first)
		wantKey(t, k, 2)
		k.distrust(first) // said late, by a slower call
		wantKey(t, k, 2)
	})
}

func TestWaitEndsWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		k := newKeyring(p.lend, time.Now)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := k.current(ctx); !errors.Is(err, connectors.ErrTimeout) {
			t.Errorf("%v, want a time-out", err)
		}
		time.Sleep(time.Second) // the exchange went on for those who come after
		before := time.Now()
		wantKey(t, k, 1)
		if time.Since(before) != 0 {
			t.Error("the exchange died with the call that began it")
		}
	})
}
