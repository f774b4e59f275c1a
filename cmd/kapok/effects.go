package main

import (
	"context"
	"time"
)

// effectsEvery is how far the effect board may be behind.
const effectsEvery = 2 * time.Second

// keepCounting counts for the effect board what the logs gained, until ctx ends; the
// channel is closed then. Any number of nodes may do it at once.
func (n *node) keepCounting(ctx context.Context) <-chan struct{} {
	return every(ctx, effectsEvery, nil, func() {
		if _, err := n.database.Ledger().CountEffects(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("the effects could not be counted; tried again soon", "error", err)
		}
	})
}
