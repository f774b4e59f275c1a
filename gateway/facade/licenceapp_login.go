package facade

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"kapok/catalog"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/exchange"
)

// LicenceAppDoor is how entries name license-app/v1 among the doors.
const LicenceAppDoor = "license-app"

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

// Login admits a system and lends it a token, which every node knows.
func (s *LicenceApp) Login(ctx context.Context, given Login, trace string) (token string, err error) {
	system, err := s.proven(ctx, given)
	by := exchange.Facade{Door: LicenceAppDoor}
	if system != nil {
		by = licenceAppFacade(system)
	}
	if err = s.Path.AdmitFacade(ctx, by, trace, err); err != nil {
		return "", err
	}
	token = rand.Text()
	return token, s.Store.KeepLicenceSession(ctx, sm.Sum([]byte(token)), system.ID, s.Now().Add(TokenLife))
}

// proven finds the system whose secrets these are.
func (s *LicenceApp) proven(ctx context.Context, given Login) (*catalog.System, error) {
	system, known := s.Catalog().ByLicenceApp(given.AppKey, given.Account)
	if !known {
		return nil, s.prove(ctx, &s.tries, nil, nil)
	}
	app := system.LicenceApp
	return system, s.prove(ctx, &s.tries, system, [][2]string{{app.AppSecret, given.AppSecret}, {app.Password, given.Password}})
}

// Logout ends a token on every node.
func (s *LicenceApp) Logout(ctx context.Context, token string) error {
	return s.Store.EndLicenceSession(ctx, sm.Sum([]byte(token)))
}

// Caller finds whose token this is. A system that the catalogue no longer lets in this way
// has none.
func (s *LicenceApp) Caller(ctx context.Context, token string) (*catalog.System, error) {
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

func licenceAppFacade(system *catalog.System) exchange.Facade {
	return exchange.Facade{Door: LicenceAppDoor, System: system.ID, Operations: system.LicenceApp.Operations}
}
