package main

import (
	"context"
	"time"

	"kapok/gateway/subscriptions"
)

const (
	pushAttempts = 10 // the last one some four hours after the first
	pushPause    = 15 * time.Second
)

func (n *node) openSubscriptions() error {
	store, err := n.database.Subscriptions()
	if err != nil {
		return err
	}
	attempts, pause := pushAttempts, pushPause
	if n.config.pushPause > 0 {
		attempts, pause = 3, n.config.pushPause
	}
	n.subscriptions = subscriptions.New(subscriptions.Config{
		Path: n.exchange, Store: store, People: n.people(), Persons: n.keyring.Persons(), Drain: n.journal.Drain,
		Sender:   subscriptions.NewSender(n.operational.Current, time.Now),
		Attempts: attempts, Pause: pause, Now: time.Now, Log: n.log,
	})
	return nil
}

// spreadChanges makes pushes of changes, until ctx ends; the channel is closed then.
func (n *node) spreadChanges(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.subscriptions.Run(ctx)
	}()
	return done
}
