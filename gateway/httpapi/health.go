package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// Check is one thing that Kapok cannot serve without.
type Check struct {
	Name    string                      // as /readyz shows it; lower case
	Timeout time.Duration               // after which it counts as failing; 0: 2 s
	Probe   func(context.Context) error // has to end when its context does
}

const checkTimeout = 2 * time.Second

func live(c *gin.Context) {
	c.JSON(http.StatusOK, Health{Status: HealthStatusOk, Checks: map[string]HealthChecks{}})
}

// ready runs every check at the same time. The answer says which one failed; why is
// for the log.
func ready(checks []Check, log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, found := c.Request.Context(), make([]error, len(checks))
		var running sync.WaitGroup
		for i, check := range checks {
			running.Go(func() { found[i] = check.run(ctx) })
		}
		running.Wait()
		status, health := http.StatusOK, Health{Status: HealthStatusOk, Checks: map[string]HealthChecks{}}
		for i, check := range checks {
			health.Checks[check.Name] = HealthChecksOk
			if found[i] != nil {
				log.WarnContext(ctx, "not ready", "check", check.Name, "cause", found[i])
				status, health.Status = http.StatusServiceUnavailable, HealthStatusFailing
				health.Checks[check.Name] = HealthChecksFailing
			}
		}
		c.JSON(status, health)
	}
}

func (check Check) run(ctx context.Context) error {
	timeout := check.Timeout
	if timeout == 0 {
		timeout = checkTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return check.Probe(ctx)
}
