package main

import (
	"context"
	"time"

	"kapok/gateway/batch"
)

func (n *node) openBatches() {
	n.batches = batch.New(batch.Config{
		Node: n.origin, Path: n.exchange, Store: n.database.Batches(), Persons: n.keyring.Persons(), Ledger: n.journal,
		Keep: batch.DefaultKeep, Lease: batch.DefaultLease, Now: time.Now, Log: n.log,
	})
}

// answerBatches works on what departments ordered about many people, until ctx ends; the
// channel is closed then.
func (n *node) answerBatches(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.batches.Run(ctx)
	}()
	return done
}
