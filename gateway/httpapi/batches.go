package httpapi

import (
	"context"

	"github.com/gin-gonic/gin"

	"kapok/gateway/exchange"
)

// Batches answers questions about many people. What it returns is signed and leaves as
// it is; its errors are in the ledger already.
type Batches interface {
	Query(ctx context.Context, call exchange.Call) (exchange.Release, error)
	Eligibility(ctx context.Context, call exchange.Call) (exchange.Release, error)
	State(ctx context.Context, call exchange.Call, id string) (exchange.Release, error)
	Results(ctx context.Context, call exchange.Call, id string) (exchange.Release, error)
}

func (a *api) orderBatch(c *gin.Context)     { a.serveSigned(c, a.batches.Query) }
func (a *api) askEligibility(c *gin.Context) { a.serveSigned(c, a.batches.Eligibility) }
func (a *api) getBatch(c *gin.Context)       { a.serveSigned(c, withID(c, a.batches.State)) }
func (a *api) fetchResults(c *gin.Context)   { a.serveSigned(c, withID(c, a.batches.Results)) }

// withID gives a signed call's handler the address's parameter "id".
func withID(c *gin.Context, serve func(context.Context, exchange.Call, string) (exchange.Release, error)) func(context.Context, exchange.Call) (exchange.Release, error) {
	return func(ctx context.Context, call exchange.Call) (exchange.Release, error) {
		return serve(ctx, call, c.Param("id"))
	}
}
