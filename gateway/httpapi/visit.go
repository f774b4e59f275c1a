package httpapi

import (
	"context"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
	"kapok/gateway/httpapi/trace"
	"kapok/gateway/postgres"
)

// visit is what the edge knows of one request while it is served.
type visit struct {
	trace   string            // 32 hexadecimal digits
	failure *gateway.Error    // what it was answered with, when that was a problem
	system  string            // the calling system's id, once it has proven itself
	session *postgres.Session // who is signed in, once that is known

	sessionToken [32]byte // hash of the token of that session
}

const visitKey = "kapok.visit"

// visitOf returns the visit that the trace middleware began. Every request has one.
func visitOf(c *gin.Context) *visit { return c.MustGet(visitKey).(*visit) }

// unwrap takes apart the context that the generated server hands to a handler. What
// goes on to the stores is the request's own context: Gin takes its context back
// after the answer and gives it to another request.
func unwrap(ctx context.Context) (context.Context, *visit) {
	c := ctx.(*gin.Context)
	return c.Request.Context(), visitOf(c)
}

// begin gives the request its visit and its trace id.
func begin(c *gin.Context) {
	c.Set(visitKey, &visit{trace: trace.ID(c.GetHeader("Traceparent"))})
	c.Next()
}
