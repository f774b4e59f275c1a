package httpapi

import (
	"context"

	"github.com/gin-gonic/gin"

	"kapok/gateway/exchange"
)

// Subscriptions tells systems of changes. What it returns is signed and leaves as it is;
// its errors are in the ledger already.
type Subscriptions interface {
	Subscribe(ctx context.Context, call exchange.Call) (exchange.Release, error)
	State(ctx context.Context, call exchange.Call, id string) (exchange.Release, error)
	End(ctx context.Context, call exchange.Call, id string) (exchange.Release, error)
	Redeliver(ctx context.Context, call exchange.Call, id string) (exchange.Release, error)
	Announce(ctx context.Context, call exchange.Call) (exchange.Release, error)
}

func (a *api) subscribe(c *gin.Context)       { a.serveSigned(c, a.subscriptions.Subscribe) }
func (a *api) getSubscription(c *gin.Context) { a.serveSigned(c, withID(c, a.subscriptions.State)) }
func (a *api) endSubscription(c *gin.Context) { a.serveSigned(c, withID(c, a.subscriptions.End)) }
func (a *api) redeliver(c *gin.Context)       { a.serveSigned(c, withID(c, a.subscriptions.Redeliver)) }
func (a *api) announceChange(c *gin.Context)  { a.serveSigned(c, a.subscriptions.Announce) }
