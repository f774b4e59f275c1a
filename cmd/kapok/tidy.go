package main

import (
	"context"
	"time"
)

const (
	tidyEvery = time.Minute
	tidyChunk = 1000 // rows in one statement, so that nobody waits behind a large one

	// pendingKept is how long a sealed pending entry stays, for whoever still waits.
	pendingKept = time.Hour
)

// keepTidy forgets what has expired, until ctx ends; the channel is closed then. Any
// number of nodes may do it at once.
func (n *node) keepTidy(ctx context.Context) <-chan struct{} {
	return every(ctx, tidyEvery, nil, func() { n.tidy(ctx, time.Now()) })
}

func (n *node) tidy(ctx context.Context, now time.Time) {
	journal := n.database.Ledger()
	for name, forget := range map[string]func() error{
		"batches":  func() error { return n.batches.Sweep(ctx) },
		"claims":   func() error { return inChunks(ctx, now, journal.SweepClaims) },
		"pending":  func() error { return inChunks(ctx, now.Add(-pendingKept), journal.SweepPending) },
		"sessions": func() error { _, err := n.database.ForgetSessions(ctx, now); return err },
	} {
		if err := forget(); err != nil && ctx.Err() == nil {
			n.log.Warn("what has expired could not be forgotten; tried again in a minute", "what", name, "error", err)
		}
	}
}

func inChunks(ctx context.Context, before time.Time, sweep func(context.Context, time.Time, int) (int, error)) error {
	for {
		swept, err := sweep(ctx, before, tidyChunk)
		if err != nil || swept < tidyChunk {
			return err
		}
	}
}
