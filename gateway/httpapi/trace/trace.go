// Package trace names a request, so that its caller, the log and the ledger speak of
// the same one: W3C Trace Context, https://www.w3.org/TR/trace-context/.
package trace

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

const none = "00000000000000000000000000000000"

// ID takes the trace id of a well-formed traceparent header, or makes a random one.
// It is 32 lower-case hexadecimal digits, never all zero.
func ID(traceparent string) string {
	if id, ok := parse(traceparent); ok {
		return id
	}
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(raw[:])
}

// parse reads version "-" trace-id "-" parent-id "-" flags (§3.2). A later version may
// append to it; version ff is forbidden.
func parse(header string) (string, bool) {
	const length = 55
	if len(header) < length || header[2] != '-' || header[35] != '-' || header[52] != '-' {
		return "", false
	}
	version, id, parent, flags := header[:2], header[3:35], header[36:52], header[53:55]
	for _, part := range []string{version, id, parent, flags} {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return "", false
		}
	}
	if version == "ff" || id == none || parent == none[:16] {
		return "", false
	}
	if len(header) > length && (version == "00" || header[length] != '-') {
		return "", false
	}
	return strings.Clone(id), true
}
