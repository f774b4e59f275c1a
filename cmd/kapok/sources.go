package main

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/guard"
	"kapok/gateway/exchange"
	"kapok/gateway/licensing"
)

// sources holds a connector for each item that has a source.
type sources map[string]exchange.Source

// Source finds what serves an item.
func (s sources) Source(item string) (exchange.Source, bool) {
	found, known := s[item]
	return found, known
}

// inside makes the connector of an item whose data lies in Kapok itself, by its
// source's protocol. Nothing stands around it: there is no source to spare.
type inside map[string]func(item *catalog.Item, settings map[string]string) (connectors.Connector, error)

// workshop opens sources, and keeps what a new edition of the catalogue leaves as it
// was: connections, lent secrets, open breakers, what was measured.
type workshop struct {
	world   builtin.World
	within  inside
	observe guard.Observer

	mu     sync.Mutex
	guards map[string]guarded // by source
	items  map[string]opened  // by item
}

type guarded struct {
	terms  guard.Terms
	source *guard.Source
}

type opened struct {
	connection catalog.Connection
	cache      time.Duration
	guard      *guard.Source
	connector  connectors.Connector
}

func newWorkshop(world builtin.World, within inside, metrics *prometheus.Registry) *workshop {
	calls := newCounter(metrics, "kapok_source_calls_total", "Questions to sources, by what came of them.", "source", "result")
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kapok_source_seconds", Help: "How long sources took to answer.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"source"})
	metrics.MustRegister(seconds)
	return &workshop{
		world: world, within: within, guards: map[string]guarded{}, items: map[string]opened{},
		observe: func(source, result string, took time.Duration) {
			calls.WithLabelValues(source, result).Inc()
			if took > 0 {
				seconds.WithLabelValues(source).Observe(took.Seconds())
			}
		},
	}
}

// open makes a connector for each item of a catalogue, all of them or none, so that a
// wrong setting stops the catalogue and not somebody's case.
func (w *workshop) open(directory *catalog.Catalog) (sources, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	guards, items, found, err := w.assemble(directory)
	if err != nil {
		return nil, err
	}
	w.guards, w.items = guards, items
	return found, nil
}

// check reports whether a catalogue could be opened, and opens nothing for it.
func (w *workshop) check(directory *catalog.Catalog) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _, _, err := w.assemble(directory)
	return err
}

// assemble opens each item, and keeps nothing.
func (w *workshop) assemble(directory *catalog.Catalog) (map[string]guarded, map[string]opened, sources, error) {
	guards, items, found := map[string]guarded{}, map[string]opened{}, sources{}
	for item := range directory.Items() {
		connection, served := directory.Connection(item.Code)
		if !served {
			continue
		}
		if _, made := guards[connection.Source]; !made {
			guards[connection.Source] = w.guardOf(termsOf(directory, connection.Source))
		}
		made, err := w.openItem(item, connection, guards[connection.Source].source)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("source of item %s: %w", item.Code, err)
		}
		items[item.Code] = made
		found[item.Code] = exchange.Source{Connector: made.connector, Timeout: connection.Timeout, ByReference: connection.Protocol == licensing.Protocol}
	}
	return guards, items, found, nil
}

func (w *workshop) guardOf(terms guard.Terms) guarded {
	if before, known := w.guards[terms.ID]; known && reflect.DeepEqual(before.terms, terms) {
		return before
	}
	return guarded{terms, guard.NewSource(terms, w.observe, time.Now)}
}

func (w *workshop) openItem(item *catalog.Item, connection catalog.Connection, around *guard.Source) (opened, error) {
	if before, known := w.items[item.Code]; known && before.guard == around && before.cache == item.Cache && reflect.DeepEqual(before.connection, connection) {
		return before, nil
	}
	if open, known := w.within[connection.Protocol]; known {
		connector, err := open(item, connection.Settings)
		return opened{connection, item.Cache, around, connector}, err
	}
	inner, err := builtin.New(connection.Protocol, connection.Settings, w.world)
	if err != nil {
		return opened{}, err
	}
	return opened{connection, item.Cache, around, around.Guard(inner, item.Cache)}, nil
}

// health measures every source, ordered by id.
func (w *workshop) health() []guard.Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	var measured []guard.Health
	for _, one := range w.guards {
		measured = append(measured, one.source.Health())
	}
	slices.SortFunc(measured, func(a, b guard.Health) int { return strings.Compare(a.ID, b.ID) })
	return measured
}

// termsOf says how a source may be asked, by the catalogue; what it leaves open is usual.
func termsOf(directory *catalog.Catalog, id string) guard.Terms {
	source, known := directory.Source(id)
	if !known {
		return guard.Terms{ID: id}
	}
	terms := guard.Terms{
		ID: id, RatePerSecond: source.Limits.RatePerSecond, Burst: source.Limits.Burst,
		Concurrent: source.Limits.Concurrent, Attempts: source.Limits.Attempts,
		Promise: guard.Promise{P95: source.Promise.P95},
	}
	terms.Promise.Availability, _ = strconv.ParseFloat(source.Promise.Availability, 64) // "" promises nothing
	for _, window := range source.Maintenance {
		terms.Windows = append(terms.Windows, guard.Window{From: window.From, Until: window.Until, Reason: window.Reason})
	}
	return terms
}
