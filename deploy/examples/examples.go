// Package examples holds files that a department's or the bureau's engineer begins with.
// It must know nothing of the programs that read them.
package examples

import _ "embed"

// RestSource is one file that adds a REST source, its item and a grant to a catalogue, as
// text of YAML with placeholders.
//
//go:embed rest-source.yaml
var RestSource string
