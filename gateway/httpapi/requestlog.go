package httpapi

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
)

// logRequest writes one line for each request: the route's template, never the
// address as it was sent, no query, no body, no person.
func logRequest(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		started := time.Now()
		defer func() {
			v, status := visitOf(c), c.Writer.Status()
			attrs := []slog.Attr{
				slog.String("method", method(c.Request.Method)),
				slog.String("route", route(c)),
				slog.Int("status", status),
				slog.String("trace_id", v.trace),
				slog.Int64("took_us", time.Since(started).Microseconds()),
			}
			if v.system != "" {
				attrs = append(attrs, slog.String("system", v.system))
			}
			attrs = append(attrs, failureAttrs(v.failure)...)
			log.LogAttrs(c.Request.Context(), levelOf(status), "request", attrs...)
		}()
		c.Next()
	}
}

func failureAttrs(failure *gateway.Error) []slog.Attr {
	if failure == nil {
		return nil
	}
	attrs := []slog.Attr{slog.String("code", failure.Code)}
	if failure.Cause != nil {
		attrs = append(attrs, slog.String("cause", failure.Cause.Error()))
	}
	return attrs
}

func levelOf(status int) slog.Level {
	switch {
	case status == http.StatusInternalServerError:
		return slog.LevelError
	case status > http.StatusInternalServerError:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// route is the template that matched; a path that nothing matched is "none", so that
// whatever strangers ask for makes no new value.
func route(c *gin.Context) string {
	if template := c.FullPath(); template != "" {
		return template
	}
	return "none"
}

var knownMethods = map[string]bool{
	http.MethodGet: true, http.MethodHead: true, http.MethodPost: true, http.MethodPut: true,
	http.MethodPatch: true, http.MethodDelete: true, http.MethodOptions: true,
}

func method(name string) string {
	if knownMethods[name] {
		return name
	}
	return "other"
}
