package main

import (
	"fmt"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/crypto/sm"
	"kapok/gateway/exchange"
)

// sources holds a connector for each item that has a source.
type sources map[string]exchange.Source

// Source finds what serves an item.
func (s sources) Source(item string) (exchange.Source, bool) {
	found, known := s[item]
	return found, known
}

// openSources makes every connector at start, so that a wrong setting stops the
// program and not somebody's case.
func openSources(directory *catalog.Catalog, verifier *sm.Verifier, secret func(name string) (string, error)) (sources, error) {
	world := builtin.World{Secrets: secret, Client: connectors.HTTPClient(), Verifier: verifier}
	opened := sources{}
	for item := range directory.Items() {
		connection, served := directory.Connection(item.Code)
		if !served {
			continue
		}
		connector, err := builtin.New(connection.Protocol, connection.Settings, world)
		if err != nil {
			return nil, fmt.Errorf("source of item %s: %w", item.Code, err)
		}
		opened[item.Code] = exchange.Source{Connector: connector, Timeout: connection.Timeout}
	}
	return opened, nil
}
