package policies

import (
	"embed"
	"io/fs"
)

//go:embed schema.cedarschema national province district departments
var data embed.FS

// Example is the trial's policy set: national law, and example rules of one
// province, one district and one department.
func Example() fs.FS { return data }
