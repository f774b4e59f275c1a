package main

import (
	"fmt"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/gateway/exchange"
)

// sources holds a connector for each item that has a source.
type sources map[string]exchange.Source

// Source finds what serves an item.
func (s sources) Source(item string) (exchange.Source, bool) {
	found, known := s[item]
	return found, known
}

// inside makes the connector of an item whose data lies in Kapok itself, by its
// source's protocol.
type inside map[string]func(item *catalog.Item, settings map[string]string) (connectors.Connector, error)

// openSources makes every connector at start, so that a wrong setting stops the
// program and not somebody's case.
func openSources(directory *catalog.Catalog, within inside, world builtin.World) (sources, error) {
	opened := sources{}
	for item := range directory.Items() {
		connection, served := directory.Connection(item.Code)
		if !served {
			continue
		}
		connector, err := openSource(item, connection, within, world)
		if err != nil {
			return nil, fmt.Errorf("source of item %s: %w", item.Code, err)
		}
		opened[item.Code] = exchange.Source{Connector: connector, Timeout: connection.Timeout}
	}
	return opened, nil
}

func openSource(item *catalog.Item, connection catalog.Connection, within inside, world builtin.World) (connectors.Connector, error) {
	if open, known := within[connection.Protocol]; known {
		return open(item, connection.Settings)
	}
	return builtin.New(connection.Protocol, connection.Settings, world)
}
