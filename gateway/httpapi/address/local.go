package address

import (
	"net/url"
	"strings"
)

const maxLocal = 512 // bytes

// Local returns wanted when it is a path of this server, else "/". Browsers read
// "//host", "/\host" and control characters as ways out (WHATWG URL §4.4), so they
// are refused by form and not by what a parser makes of them.
func Local(wanted string) string {
	if len(wanted) > maxLocal || !strings.HasPrefix(wanted, "/") || strings.HasPrefix(wanted, "//") {
		return "/"
	}
	for i := range len(wanted) {
		if c := wanted[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return "/"
		}
	}
	parsed, err := url.Parse(wanted)
	if err != nil || parsed.Scheme != "" || parsed.Host != "" || !Plain(wanted, parsed.Path) || strings.HasPrefix(parsed.Path, "//") {
		return "/"
	}
	return wanted
}
