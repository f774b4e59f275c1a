package main

import (
	"context"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kapok/gateway/grants"
	"kapok/gateway/grants/calendar"
	"kapok/gateway/httpapi"
	"kapok/gateway/postgres"
)

// workflow is how departments come by grants: the store with its jobs, the rules, and
// in a trial the clock that can be moved.
type workflow struct {
	store   *postgres.Workflow
	service *grants.Service
	trial   *trialClock // nil: terms run by the real clock
}

func (n *node) openWorkflow(context.Context, *prometheus.Registry) error {
	w := &workflow{}
	clock := time.Now
	if !n.config.trialStart.IsZero() {
		w.trial = &trialClock{start: n.config.trialStart, began: time.Now()}
		clock = w.trial.Now
	}
	days, err := loadCalendars(n.config.Calendars)
	if err != nil {
		return err
	}
	if w.store, err = n.database.Workflow(clock); err != nil {
		return err
	}
	w.service = grants.New(grants.Config{
		Catalog: n.exchange.Catalog, Store: w.store, Stops: n.database, Log: n.journal, Days: days, Clock: clock, Now: time.Now,
	})
	if w.trial != nil {
		w.trial.ring = func(ctx context.Context) error { return w.store.RingDue(ctx, w.service) }
	}
	n.workflow = w
	return nil
}

func loadCalendars(folder string) (*calendar.Calendar, error) {
	years := []fs.FS{calendar.Published()}
	if folder != "" {
		years = append(years, os.DirFS(folder))
	}
	return calendar.Load(years...)
}

// trialClock is nil, as an interface too, where there is none.
func (w *workflow) trialClock() httpapi.TrialClock {
	if w.trial == nil {
		return nil
	}
	return w.trial
}

// trialClock begins where it is told, runs as the real one does, and can be moved on.
type trialClock struct {
	start, began time.Time
	ring         func(context.Context) error

	mu    sync.Mutex
	ahead time.Duration
}

// Now is the time of the trial.
func (c *trialClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.start.Add(time.Since(c.began) + c.ahead)
}

// Advance moves the clock and rings what became due.
func (c *trialClock) Advance(ctx context.Context, by time.Duration) error {
	c.mu.Lock()
	c.ahead += by
	c.mu.Unlock()
	return c.ring(ctx)
}

// grantsEvery is how often a node looks whether grants have changed. What it does not
// know yet it asks for when a call needs it, and what was ended is stopped at once.
const grantsEvery = 2 * time.Second

// keepGrants keeps the index of grants in force and the node's share of rates up to
// date, until ctx ends; the channel is closed then.
func (n *node) keepGrants(ctx context.Context) <-chan struct{} {
	seen := int64(-1)
	return every(ctx, grantsEvery, atOnce(), func() {
		if err := n.adoptGrants(ctx, &seen); err != nil && ctx.Err() == nil {
			n.log.Warn("the grants in force could not be read; tried again soon", "error", err)
		}
	})
}

func (n *node) adoptGrants(ctx context.Context, seen *int64) error {
	nodes, err := n.database.LiveNodes(ctx)
	if err != nil {
		return err
	}
	n.exchange.ShareRates(nodes)
	sources, err := n.database.CaseSources(ctx)
	if err != nil {
		return err
	}
	n.exchange.AdoptCaseSources(sources)
	changes, err := n.database.GrantChanges(ctx)
	if err != nil || changes == *seen {
		return err
	}
	all, err := n.database.AllInForce(ctx)
	if err != nil {
		return err
	}
	n.exchange.AdoptGrants(all)
	*seen = changes
	return nil
}
