package main

import (
	"context"
	"time"
)

// atOnce wakes once, at the beginning.
func atOnce() <-chan struct{} {
	woken := make(chan struct{}, 1)
	woken <- struct{}{}
	return woken
}

// every does something each time the pause is over or woken says so (nil: never), until
// ctx ends; the channel is closed then.
func every(ctx context.Context, pause time.Duration, woken <-chan struct{}, do func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			case <-woken:
			}
			do()
		}
	}()
	return done
}
