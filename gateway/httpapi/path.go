package httpapi

import (
	"github.com/gin-gonic/gin"

	"kapok/gateway"
	"kapok/gateway/httpapi/address"
)

// checkPath refuses a path that two readers could read differently: one that climbs,
// holds a control character, or is encoded twice. The refusal is recorded.
func (a *api) checkPath(c *gin.Context) {
	if address.Plain(c.Request.RequestURI, c.Request.URL.Path) {
		c.Next()
		return
	}
	failure := gateway.Fail(gateway.Invalid, "path-invalid",
		"The path holds a dot segment, a backslash or a control character, or is encoded twice.")
	a.exchanges.RecordRefusal(c.Request.Context(), a.call(c, nil), failure)
	writeProblem(c, failure)
}

// pathUnknown and methodNotAllowed are what the router says when it finds nothing.
func pathUnknown(c *gin.Context) {
	writeProblem(c, gateway.Fail(gateway.NotFound, "path-unknown", "No operation has this path; see /openapi.yaml."))
}

func methodNotAllowed(c *gin.Context) {
	writeProblem(c, gateway.Fail(gateway.Invalid, "method-not-allowed", "This path does not have this method; Allow names those it has."))
}
