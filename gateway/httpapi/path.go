package httpapi

import (
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
)

// checkPath refuses a path that two readers could read differently: one that climbs,
// holds a control character, or is encoded twice. The refusal is recorded.
func (a *api) checkPath(c *gin.Context) {
	if pathIsPlain(c.Request.RequestURI, c.Request.URL.Path) {
		c.Next()
		return
	}
	failure := gateway.Fail(gateway.Invalid, "path-invalid",
		"The path holds a dot segment, a backslash or a control character, or is encoded twice.")
	a.exchanges.RecordRefusal(c.Request.Context(), a.call(c, nil), failure)
	writeProblem(c, failure)
}

// pathIsPlain looks at the target as it was sent and at its path once decoded.
func pathIsPlain(target, decoded string) bool {
	raw, _, _ := strings.Cut(target, "?")
	if !strings.HasPrefix(raw, "/") {
		return false
	}
	if strings.Contains(raw, "%25") || !utf8.ValidString(decoded) {
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

// pathUnknown and methodNotAllowed are what the router says when it finds nothing.
func pathUnknown(c *gin.Context) {
	writeProblem(c, gateway.Fail(gateway.NotFound, "path-unknown", "No operation has this path; see /openapi.yaml."))
}

func methodNotAllowed(c *gin.Context) {
	writeProblem(c, gateway.Fail(gateway.Invalid, "method-not-allowed", "This path does not have this method; Allow names those it has."))
}
