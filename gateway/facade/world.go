package facade

import (
	"context"
	"errors"
	"time"

	"kapok/catalog"
	"kapok/gateway/exchange"
	"kapok/policies"
)

// Path is the one path, as far as other protocols walk it.
type Path interface {
	AtFacade(ctx context.Context, by exchange.Facade, ask exchange.FacadeAsk, call exchange.Call) (exchange.Release, error)
	AdmitFacade(ctx context.Context, by exchange.Facade, trace string, cause error) error
	ScanAtFacade(ctx context.Context, by exchange.Facade, scan exchange.Scan, call exchange.Call) ([]exchange.ScannedBasis, error)
	GrantsOf(system string) []*policies.Grant
}

// ErrNone is what a [Store] answers where it holds nothing in force.
var ErrNone = errors.New("facade: there is none in force")

// Store keeps what every node has to know. Digests are SM3 of what callers hold; sealed
// bytes cannot be read from what is stored.
type Store interface {
	KeepLicenceSession(ctx context.Context, digest [32]byte, system string, expires time.Time) error
	LicenceSession(ctx context.Context, digest [32]byte, now time.Time) (system string, err error)
	EndLicenceSession(ctx context.Context, digest [32]byte) error

	KeepUseCode(ctx context.Context, digest [32]byte, sealed []byte, expires time.Time) error
	UseCode(ctx context.Context, digest [32]byte, now time.Time) (sealed []byte, err error)
	TakeUseCode(ctx context.Context, digest [32]byte, now time.Time) (sealed []byte, err error) // it serves once
}

// World is what the protocols share. Every field is required.
type World struct {
	Path    Path
	Store   Store
	Catalog func() *catalog.Catalog // the one in force
	Secret  func(ctx context.Context, name string) (string, error)
	Now     func() time.Time
}
