package main

import (
	"context"
	"time"

	"kapok/gateway/returns"
)

// returnsEvery is how often a node looks for deliveries whose files are all here, and for
// those that are kept past their time.
const returnsEvery = 2 * time.Second

// openReturns makes what takes in data that a higher level returns in batches.
func (n *node) openReturns() {
	store := n.database.Returns()
	n.returns = returns.New(returns.Config{
		Catalog: n.exchange.Catalog, Store: store, People: n.people(), Persons: n.keyring.Persons(), Providers: store,
		Verifier: n.verifier, Now: time.Now, Log: n.log, Tables: tables(n.exchange.Catalog, n.workshop.world.Secrets),
		Sealed: func(ctx context.Context, pendingID string) error {
			_, err := n.journal.Drain(ctx, pendingID)
			return err
		},
	})
}

// keepReturns lands what was uploaded and pulls what is due and destroys what is past its time, until ctx ends;
// the channel is closed then. Any number of nodes may do it at once: a dataset is worked
// on by one of them.
func (n *node) keepReturns(ctx context.Context) <-chan struct{} {
	return every(ctx, returnsEvery, nil, func() {
		for name, work := range map[string]func(context.Context) error{"land": n.returns.LandUploaded, "retain": n.returns.Retain, "pull": n.returns.PullDue} {
			if err := work(ctx); err != nil && ctx.Err() == nil {
				n.log.Warn("some deliveries could not be worked on; tried again soon", "work", name, "error", err)
			}
		}
	})
}
