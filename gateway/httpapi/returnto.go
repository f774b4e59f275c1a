package httpapi

import (
	"net/url"
	"strings"
)

const maxReturnTo = 512

// localPath returns the address to come back to after signing in, when it is a path
// of this server, else "/". Browsers read "//host", "/\host" and control characters
// as ways out, so they are refused by form and not by what a parser makes of them.
func localPath(wanted string) string {
	if len(wanted) > maxReturnTo || !strings.HasPrefix(wanted, "/") || strings.HasPrefix(wanted, "//") {
		return "/"
	}
	for i := range len(wanted) {
		if c := wanted[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return "/"
		}
	}
	parsed, err := url.Parse(wanted)
	if err != nil || parsed.Scheme != "" || parsed.Host != "" || !pathIsPlain(wanted, parsed.Path) || strings.HasPrefix(parsed.Path, "//") {
		return "/"
	}
	return wanted
}
