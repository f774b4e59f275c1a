package postgres_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"

	"kapok/gateway/ledger"
)

// abandoned is the store of a node that can be killed without ending the test's
// process: from then on nothing of it reaches the database.
type abandoned struct {
	ledger.Store
	dead atomic.Bool
}

var errDead = errors.New("this node is dead")

func (a *abandoned) Begin(ctx context.Context, lease ledger.Lease, ask ledger.Ask) (ledger.Batch, ledger.Read, error) {
	if a.dead.Load() {
		return nil, ledger.Read{}, errDead
	}
	return a.Store.Begin(ctx, lease, ask)
}

func (a *abandoned) Renew(ctx context.Context, lease ledger.Lease) error {
	if a.dead.Load() {
		return errDead
	}
	return a.Store.Renew(ctx, lease)
}

func (a *abandoned) Settle(ctx context.Context, origin string, refs []string) error {
	if a.dead.Load() {
		return errDead
	}
	return a.Store.Settle(ctx, origin, refs)
}

func newRandom() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }
