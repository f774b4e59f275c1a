package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
	"kapok/gateway/ledger/anchor"
)

// originOf names a node's log. When one was retired, the next is …/2, and so on.
func originOf(c config, generation int) string {
	origin := c.LogName + "/" + c.Node
	if generation > 1 {
		origin = fmt.Sprintf("%s/%d", origin, generation)
	}
	return origin
}

func (n *node) ledgerSigning() ledger.Signing {
	current := n.operational.Current()
	return ledger.Signing{Signer: current.Signer, Chain: current.Chain}
}

// openOwnLog opens this node's log: the first that was not retired. Intents that a
// former life of the node left open are closed before the first call is served.
func (n *node) openOwnLog(ctx context.Context, options ledger.Options) (*ledger.Log, error) {
	if err := n.openAnchors(); err != nil {
		return nil, err
	}
	for generation := 1; ; generation++ {
		log, err := n.openGeneration(ctx, options, generation)
		if errors.Is(err, ledger.ErrRetired) {
			continue
		}
		if err != nil {
			return nil, err
		}
		n.origin = originOf(n.config, generation)
		closed, err := closing.All(ctx, log, n.database.Ledger(), n.origin, closing.NodeEnded, n.config.Node)
		if err != nil {
			return log, fmt.Errorf("close what this node left open: %w", err)
		}
		if closed > 0 {
			n.log.Warn("closed intents that a former life of this node left open", "origin", n.origin, "closed", closed)
		}
		return log, nil
	}
}

func (n *node) openGeneration(ctx context.Context, options ledger.Options, generation int) (_ *ledger.Log, err error) {
	options.Origin = originOf(n.config, generation)
	if options.Floor, err = n.floor(options.Origin); err != nil {
		return nil, err
	}
	return ledger.Open(ctx, n.database.Ledger(), options)
}

func (n *node) openAnchors() (err error) {
	if n.config.Ledger.Anchors == "" {
		n.log.Warn("ledger.anchors is not set: a database that was set back would not be noticed at start")
		return nil
	}
	n.anchors, err = anchor.Open(n.config.Ledger.Anchors)
	return err
}

func (n *node) floor(origin string) (string, error) {
	if n.anchors == nil {
		return "", nil
	}
	return n.anchors.Last(origin)
}

// keepLogs anchors all logs and takes over those of nodes that have ended, until ctx
// ends; the channel is closed then.
func (n *node) keepLogs(ctx context.Context) <-chan struct{} {
	var group sync.WaitGroup
	if n.anchors != nil {
		group.Go(func() {
			n.anchors.KeepUp(ctx, n.config.Ledger.AnchorEvery, n.database.Ledger().Checkpoints, n.log)
		})
	}
	group.Go(func() { n.watcher(0, 0).Run(ctx) })
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	return done
}

func (n *node) watcher(every, watch time.Duration) *closing.Watcher {
	return closing.NewWatcher(closing.Options{
		Store: n.database.Ledger(), Intents: n.database.Ledger(), Estates: n.database.Ledger().Estates,
		Floor: n.floor, Signing: n.ledgerSigning, Own: n.origin, Node: n.config.Node, Log: n.log,
		Every: every, Watch: watch,
	})
}
