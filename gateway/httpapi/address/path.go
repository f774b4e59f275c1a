package address

import (
	"strings"
	"unicode/utf8"
)

// Plain reports whether every reader reads a request's path the same way: it begins
// with a slash, has no dot segment, no backslash, no control character, is UTF-8, and
// is not encoded twice. target is as it was sent (RFC 9112 §3.2), decoded its path
// once decoded.
func Plain(target, decoded string) bool {
	raw, _, _ := strings.Cut(target, "?")
	if !strings.HasPrefix(raw, "/") || strings.Contains(raw, "%25") || !utf8.ValidString(decoded) {
		return false
	}
	for i := range len(decoded) {
		if c := decoded[i]; c < ' ' || c == 0x7f || c == '\\' {
			return false
		}
	}
	return !climbs(decoded)
}

func climbs(path string) bool {
	if !strings.Contains(path, "/.") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
