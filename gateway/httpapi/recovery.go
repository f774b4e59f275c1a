package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
)

// recoverPanic turns a panic into the problem "internal". Once part of an answer has
// left, all that can be done is to break the connection.
func recoverPanic(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(cause)
		}
		err := panicked(cause)
		if c.Writer.Written() {
			visitOf(c).failure = gateway.AsError(err)
			panic(http.ErrAbortHandler)
		}
		writeProblem(c, err)
	}()
	c.Next()
}

// panicked says where it happened. A value that somebody passed to panic could hold
// anything, so only the runtime's own text is kept of it.
func panicked(cause any) error {
	if fault, ok := cause.(runtime.Error); ok {
		return fmt.Errorf("panic: %w\n%s", fault, debug.Stack())
	}
	return fmt.Errorf("panic of type %T\n%s", cause, debug.Stack())
}
