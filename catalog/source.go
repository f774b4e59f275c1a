package catalog

import "time"

// Source is where data comes from (数源), and by which protocol.
type Source struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Protocol string            `json:"protocol"`   // the name of a connector
	Timeout  time.Duration     `json:"timeout_ns"` // for one fetch
	Settings map[string]string `json:"settings"`   // the connector's; secrets by name only
}

// Connection is all that a connector needs to fetch one item.
type Connection struct {
	Source   string
	Protocol string
	Timeout  time.Duration
	Settings map[string]string // the source's, overlaid with the item's
}

func (l *loader) source(r *record) {
	s := &Source{
		ID:       r.define("source", "id", identifier),
		Name:     r.text("name"),
		Protocol: r.text("protocol", protocolName),
		Timeout:  r.timeout("timeout"),
		Settings: r.settings("settings"),
	}
	l.found.sources[s.ID] = s
}
