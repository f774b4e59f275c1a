package subscriptions

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway"
)

func TestMayReach(t *testing.T) {
	for address, want := range map[string]bool{
		"203.0.113.7:443": true, "10.1.2.3:443": true, "[2001:db8::1]:443": true, // departments live in private networks
		"127.0.0.1:80": false, "[::1]:80": false, "0.0.0.0:80": false, "169.254.169.254:80": false, "[fe80::1]:80": false,
		"224.0.0.1:80": false, "[::ffff:127.0.0.1]:80": false, "nonsense": false,
	} {
		if got := mayReach(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// A name that leads to this machine is not believed, its number that was registered is; a
// redirect is not followed.
func TestNamesThatLeadHere(t *testing.T) {
	asked := 0
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer here.Close()
	sender := NewSender(func() keys.Signing { return keys.Signing{} }, time.Now)
	for address, want := range map[string]int{here.URL: 1, strings.Replace(here.URL, "127.0.0.1", "localhost", 1): 0} {
		asked = 0
		res, err := sender.client.Get(address)
		if err == nil {
			_ = res.Body.Close()
		}
		if asked != want || (want == 0) != (err != nil) {
			t.Errorf("%s was asked %d times, %v", address, asked, err)
		}
	}
}

func TestWhatBecomesOfAPush(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := New(Config{Attempts: 3, Pause: time.Second, Now: func() time.Time { return now }})
	for name, c := range map[string]struct {
		attempts int
		failure  error
		state    PushState
		wait     time.Duration
	}{
		"taken":                       {1, nil, Delivered, 0},
		"not taken, first":            {1, gateway.Fail(gateway.Unavailable, "webhook-refused", ""), Waiting, time.Second},
		"not taken, second":           {2, gateway.Fail(gateway.Unavailable, "webhook-refused", ""), Waiting, 2 * time.Second},
		"not taken, last":             {3, gateway.Fail(gateway.Unavailable, "webhook-refused", ""), Dead, 0},
		"the basis has ended":         {1, gateway.Fail(gateway.Forbidden, "basis-ended", ""), Refused, 0},
		"the source wants some time":  {1, &gateway.Error{Kind: gateway.Unavailable, Code: "source-maintenance", RetryAfter: time.Hour}, Waiting, time.Hour},
		"the key of it was destroyed": {1, errors.Join(keys.ErrDestroyed), Refused, 0},
	} {
		push := Push{Attempts: c.attempts}
		s.judge(&push, c.failure)
		if push.State != c.state || c.wait > 0 && push.Due.Sub(now) != c.wait {
			t.Errorf("%s: %s, due in %v", name, push.State, push.Due.Sub(now))
		}
	}
}
