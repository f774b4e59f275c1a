package closing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"kapok/gateway/ledger"
)

// Estate is a log that nobody writes to any more.
type Estate struct {
	Origin, Node string
	Token        string // of the lease that ended; another one means that somebody has come back
}

// Options say who takes over and how.
type Options struct {
	Store   ledger.Store
	Intents Intents
	Estates func(ctx context.Context) ([]Estate, error)        // logs whose lease has ended
	Floor   func(origin string) (checkpoint string, err error) // what is kept outside the store; "" none
	Signing func() ledger.Signing
	Own     string // the origin of this node's own log, which is never taken over
	Node    string
	Log     *slog.Logger

	Every time.Duration // between looks; 0: 5 s
	Watch time.Duration // how long a log must be seen without a holder; 0: 20 s, longer than a lease
}

// maxTakeovers bounds how many logs one look takes over: the others wait for the
// next one, or for another node.
const maxTakeovers = 8

// Watcher takes over the logs of nodes that have ended. It waits until it has seen a
// log without a holder for longer than a lease lasts: after an outage of the
// database every lease has ended, and every living node renews its own again.
type Watcher struct {
	options Options
	seen    map[Estate]time.Time
}

// NewWatcher returns a watcher; [Watcher.Run] makes it watch.
func NewWatcher(o Options) *Watcher {
	if o.Every == 0 {
		o.Every = 5 * time.Second
	}
	if o.Watch == 0 {
		o.Watch = 20 * time.Second
	}
	return &Watcher{options: o, seen: map[Estate]time.Time{}}
}

// Run looks until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	every := time.NewTicker(w.options.Every)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := w.Look(ctx, time.Now()); err != nil && ctx.Err() == nil {
			w.options.Log.Warn("could not look after the logs of other nodes", "error", err)
		}
	}
}

// Look takes over what has been without a holder for long enough.
func (w *Watcher) Look(ctx context.Context, now time.Time) error {
	found, err := w.options.Estates(ctx)
	if err != nil {
		clear(w.seen) // what was not seen all the while was not watched
		return err
	}
	seen := map[Estate]time.Time{}
	var errs []error
	taken := 0
	for _, one := range found {
		since, known := w.seen[one]
		if !known {
			since = now
		}
		seen[one] = since
		if one.Origin == w.options.Own || now.Sub(since) < w.options.Watch || taken == maxTakeovers {
			continue
		}
		taken++
		if err := w.take(ctx, one); err != nil && !errors.Is(err, ledger.ErrLeaseHeld) && !errors.Is(err, ledger.ErrRetired) {
			errs = append(errs, fmt.Errorf("take over %s: %w", one.Origin, err))
		}
	}
	w.seen = seen
	return errors.Join(errs...)
}

// take closes a log: its open intents, then the entry that says that it has ended,
// all under this node's key; then nobody can write to it again.
func (w *Watcher) take(ctx context.Context, estate Estate) (err error) {
	floor, err := w.options.Floor(estate.Origin)
	if err != nil {
		return err
	}
	log, err := ledger.Open(ctx, w.options.Store, ledger.Options{
		Origin: estate.Origin, Node: w.options.Node, Signing: w.options.Signing, Log: w.options.Log, Floor: floor, Estate: true,
	})
	if err != nil {
		return err
	}
	closed, err := All(ctx, log, w.options.Intents, estate.Origin, NodeEnded, w.options.Node)
	if err == nil {
		_, err = log.Append(ctx, ledger.Append{Entry: func(ledger.Found) ledger.Entry { return w.retired(estate) }})
	}
	if err != nil {
		return errors.Join(err, log.Close(context.WithoutCancel(ctx)))
	}
	if err := log.Retire(ctx); err != nil {
		return err
	}
	w.options.Log.Warn("took over the log of a node that has ended", "origin", estate.Origin, "node", estate.Node, "closed", closed)
	return nil
}

func (w *Watcher) retired(estate Estate) ledger.Entry {
	return ledger.Entry{Kind: ledger.RetiredKind, At: time.Now(), Fields: []ledger.Field{
		{Name: codeField, Value: NodeEnded}, {Name: "node", Value: estate.Node}, {Name: byField, Value: w.options.Node},
	}}
}
