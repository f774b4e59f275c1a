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
	"kapok/connectors/certshare"
	"kapok/connectors/files"
	"kapok/connectors/gjgxjhpt"
	"kapok/connectors/gjzwfwpt"
	"kapok/connectors/licenceapp"
	"kapok/connectors/peer"
	"kapok/connectors/rest"
	"kapok/connectors/sqlsource"
	"kapok/connectors/tif"
	"kapok/crypto/sm"
)

// World is what connectors share.
type World struct {
	Secrets  func(name string) (string, error) // looks up a secret that a setting names
	Client   *http.Client                      // see [connectors.HTTPClient]
	Verifier *sm.Verifier                      // of sources' signatures
	Self     peer.Self                         // this Kapok as a member of a federation; the zero one is none
}

// maker makes a connector from the settings of one source.
type maker func(settings map[string]string, w World) (connectors.Connector, error)

// protocols by the names that the catalogue uses.
var protocols = map[string]maker{
	"cert-share":  newCertShare,
	"files":       newFiles,
	"gjgxjhpt":    newGjgxjhpt,
	"gjzwfwpt":    newGjzwfwpt,
	"kapok":       newPeer,
	"license-app": newLicenceApp,
	"rest":        newREST,
	"sql":         newSQL,
	"tif":         newTIF,
}

// New makes the connector of one source. Settings are checked here, all of
// them, so that a catalogue with a wrong one does not start.
func New(protocol string, settings map[string]string, w World) (connectors.Connector, error) {
	build, known := protocols[protocol]
	if !known {
		return nil, fmt.Errorf("protocol %q is not built in", protocol)
	}
	return build(settings, w)
}

func newGjgxjhpt(settings map[string]string, w World) (connectors.Connector, error) {
	parsed, err := gjgxjhpt.ParseSettings(settings, w.Secrets)
	if err != nil {
		return nil, fmt.Errorf("gjgxjhpt: %w", err)
	}
	return gjgxjhpt.New(parsed, w.Client)
}

func newGjzwfwpt(settings map[string]string, w World) (connectors.Connector, error) {
	return gjzwfwpt.New(settings, w.Secrets, w.Client)
}

func newLicenceApp(settings map[string]string, w World) (connectors.Connector, error) {
	return licenceapp.New(settings, w.Secrets, w.Client)
}

func newCertShare(settings map[string]string, w World) (connectors.Connector, error) {
	return certshare.New(settings, w.Secrets, w.Client)
}

func newREST(settings map[string]string, w World) (connectors.Connector, error) {
	return rest.New(settings, w.Secrets, w.Client, w.Verifier)
}

func newTIF(settings map[string]string, w World) (connectors.Connector, error) {
	return tif.New(settings, w.Secrets, w.Client)
}

func newSQL(settings map[string]string, w World) (connectors.Connector, error) {
	return sqlsource.New(settings, w.Secrets)
}

func newFiles(settings map[string]string, w World) (connectors.Connector, error) {
	return files.New(settings, w.Secrets)
}

func newPeer(settings map[string]string, w World) (connectors.Connector, error) {
	return peer.New(settings, w.Self, w.Client, w.Verifier)
}
