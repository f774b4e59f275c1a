package licenceapp

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"kapok/catalog"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/exchange"
)

// Door is how entries name this protocol among the doors.
const Door = "license-app"

// TokenLife is how long an access token serves; its system logs in again.
const TokenLife = 2 * time.Hour

// Login is the body of POST security/login. OrgCode is not looked at: the catalogue says
// whose system it is.
type Login struct {
	AppKey    string `json:"app_key"`
	AppSecret string `json:"app_secret"`
	Account   string `json:"account"`
	Password  string `json:"password"`
	OrgCode   string `json:"org_code"`
}

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

// Login admits a system and lends it a token, which every node knows.
func (s *Service) Login(ctx context.Context, given Login, trace string) (token string, err error) {
	system, err := s.proven(ctx, given)
	by := exchange.Facade{Door: Door}
	if system != nil {
		by = facade(system)
	}
	if err = s.Path.AdmitFacade(ctx, by, trace, err); err != nil {
		return "", err
	}
	token = rand.Text()
	return token, s.Store.KeepLicenceSession(ctx, sm.Sum([]byte(token)), system.ID, s.Now().Add(TokenLife))
}

// proven finds the system whose secrets these are. An account that does not exist and a
// wrong secret are told apart for nobody.
func (s *Service) proven(ctx context.Context, given Login) (*catalog.System, error) {
	system, known := s.Catalog().ByLicenceApp(given.AppKey, given.Account)
	account := ""
	if known {
		account = system.ID
	}
	limiter := s.tries.of(account)
	if limiter.TokensAt(s.Now()) < 1 {
		failure := gateway.Fail(gateway.TooMany, "login-rate-exceeded", "Wrong secrets were tried too often; come again.")
		failure.RetryAfter = time.Minute / triesPerMinute
		return nil, failure
	}
	if known {
		holds, err := s.holds(ctx, system.LicenceApp, given)
		if err != nil || holds {
			return system, err
		}
	}
	limiter.AllowN(s.Now(), 1)
	return nil, gateway.Fail(gateway.Unauthenticated, "login-refused", "The account or one of its secrets is not right.")
}

func (s *Service) holds(ctx context.Context, app *catalog.LicenceApp, given Login) (bool, error) {
	right := 1
	for _, pair := range [][2]string{{app.AppSecret, given.AppSecret}, {app.Password, given.Password}} {
		secret, err := s.Secret(ctx, pair[0])
		if err != nil {
			return false, gateway.Fail(gateway.Unavailable, "account-unavailable", "The account's secrets cannot be read now.").Because(err)
		}
		kept, sent := sm.Sum([]byte(secret)), sm.Sum([]byte(pair[1]))
		right &= subtle.ConstantTimeCompare(kept[:], sent[:])
	}
	return right == 1, nil
}

// Logout ends a token on every node.
func (s *Service) Logout(ctx context.Context, token string) error {
	return s.Store.EndLicenceSession(ctx, sm.Sum([]byte(token)))
}

// Caller finds whose token this is. A system that the catalogue no longer lets in this way
// has none.
func (s *Service) Caller(ctx context.Context, token string) (*catalog.System, error) {
	id, err := s.Store.LicenceSession(ctx, sm.Sum([]byte(token)), s.Now())
	if err != nil && !errors.Is(err, ErrNone) {
		return nil, gateway.Fail(gateway.Unavailable, "store-unavailable", "The token could not be looked up; try again.").Because(err)
	}
	system, known := s.Catalog().System(id)
	if err != nil || !known || system.LicenceApp == nil {
		return nil, gateway.Fail(gateway.Unauthenticated, "licence-token-invalid", "The access token serves no more; log in again.")
	}
	return system, nil
}

func facade(system *catalog.System) exchange.Facade {
	return exchange.Facade{Door: Door, System: system.ID, Operations: system.LicenceApp.Operations}
}
