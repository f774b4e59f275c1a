package facade

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"kapok/catalog"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// How often one node lets secrets be tried wrongly, for one account and for those that do
// not exist together.
const (
	triesPerMinute = 6
	triesBurst     = 10
)

// tries keeps secrets from being guessed. It grows with the catalogue's accounts only.
type tries struct {
	mu    sync.Mutex
	rates map[string]*rate.Limiter // by system; "": accounts that do not exist
}

func (t *tries) of(system string) *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rates == nil {
		t.rates = map[string]*rate.Limiter{}
	}
	known, ok := t.rates[system]
	if !ok {
		known = rate.NewLimiter(rate.Every(time.Minute/triesPerMinute), triesBurst)
		t.rates[system] = known
	}
	return known
}

// allow reports whether secrets may be tried now; only wrong ones count.
func (t *tries) allow(system string, now time.Time) error {
	if t.of(system).TokensAt(now) >= 1 {
		return nil
	}
	failure := gateway.Fail(gateway.TooMany, "login-rate-exceeded", "Wrong secrets were tried too often; come again.")
	failure.RetryAfter = time.Minute / triesPerMinute
	return failure
}

func (t *tries) failed(system string, now time.Time) { t.of(system).AllowN(now, 1) }

// loginRefused tells an account that does not exist and a wrong secret apart for nobody.
func loginRefused() error {
	return gateway.Fail(gateway.Unauthenticated, "login-refused", "The account or one of its secrets is not right.")
}

// prove lets a system prove itself by its secrets, of which wrong ones are counted; nil is
// an account that does not exist.
func (w World) prove(ctx context.Context, t *tries, system *catalog.System, secrets [][2]string) error {
	account := ""
	if system != nil {
		account = system.ID
	}
	if err := t.allow(account, w.Now()); err != nil {
		return err
	}
	if system != nil {
		right, err := w.right(ctx, secrets)
		if err != nil || right {
			return err
		}
	}
	t.failed(account, w.Now())
	return loginRefused()
}

// right compares secrets of the key store, by name, with what was sent.
func (w World) right(ctx context.Context, pairs [][2]string) (bool, error) {
	right := 1
	for _, pair := range pairs {
		secret, err := w.Secret(ctx, pair[0])
		if err != nil {
			return false, gateway.Fail(gateway.Unavailable, "account-unavailable", "The account's secrets cannot be read now.").Because(err)
		}
		kept, sent := sm.Sum([]byte(secret)), sm.Sum([]byte(pair[1]))
		right &= subtle.ConstantTimeCompare(kept[:], sent[:])
	}
	return right == 1, nil
}
