// Package builtin is the list of protocols that Kapok can ask sources by. A new
// protocol is one folder beside this one and one line in [New]'s table.
//
// It must not know any source: addresses, names and keys are settings of the
// catalogue.
package builtin

import (
	"fmt"
	"net/http"

	"kapok/connectors"
	"kapok/connectors/gjgxjhpt"
)

// maker makes a connector from the settings of one source.
type maker func(settings map[string]string, secrets func(name string) (string, error), client *http.Client) (connectors.Connector, error)

// protocols by the names that the catalogue uses.
var protocols = map[string]maker{
	"gjgxjhpt": newGjgxjhpt,
}

// New makes the connector of one source. Settings are checked here, all of
// them, so that a catalogue with a wrong one does not start. Secrets are named
// in the settings and looked up by secrets. The client is shared by all
// connectors; see [connectors.HTTPClient].
func New(protocol string, settings map[string]string, secrets func(name string) (string, error), client *http.Client) (connectors.Connector, error) {
	build, known := protocols[protocol]
	if !known {
		return nil, fmt.Errorf("protocol %q is not built in", protocol)
	}
	return build(settings, secrets, client)
}

func newGjgxjhpt(settings map[string]string, secrets func(name string) (string, error), client *http.Client) (connectors.Connector, error) {
	parsed, err := gjgxjhpt.ParseSettings(settings, secrets)
	if err != nil {
		return nil, fmt.Errorf("gjgxjhpt: %w", err)
	}
	return gjgxjhpt.New(parsed, client)
}
