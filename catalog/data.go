package catalog

import (
	"embed"
	"io/fs"
)

//go:embed data
var data embed.FS

// Example is the folder of the trial: fictitious systems and staff of one
// district, real laws, and check digits that hold. Its placeholders are
// SANDBOX_URL (the outside world of the trial) and OIDC_ISSUER (who signs people in).
func Example() fs.FS {
	folder, err := fs.Sub(data, "data")
	if err != nil {
		panic(err) // the name above is not a valid path: a mistake in this file
	}
	return folder
}
