// Package holdings is what the departments of the outside world hold about their
// made-up people, by the names that each uses. Any protocol may hand it out.
package holdings

import (
	"encoding/json"
	"strings"
	"time"
)

// Beijing is the zone that departments write times in.
func Beijing() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

// LowerCase returns a record with its names in lower case.
func LowerCase(record any) map[string]any {
	encoded, err := json.Marshal(record)
	if err != nil {
		panic(err) // plain structs of text cannot fail
	}
	var plain, lower map[string]any = nil, map[string]any{}
	if err := json.Unmarshal(encoded, &plain); err != nil {
		panic(err)
	}
	for name, value := range plain {
		lower[strings.ToLower(name)] = value
	}
	return lower
}
