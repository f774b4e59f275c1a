package httpapi

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"kapok/gateway/exchange"
)

// Exchanges is the one path. What Exchange and Receipt return is signed and leaves
// as it is; their errors are problems, and are in the ledger already. RecordRefusal
// is for calls that were refused at the door.
type Exchanges interface {
	Exchange(ctx context.Context, call exchange.Call) (exchange.Release, error)
	Behind(ctx context.Context, call exchange.Call) (exchange.Release, error)
	AtPeer(ctx context.Context, call exchange.Call) (exchange.Release, error)
	Receipt(ctx context.Context, call exchange.Call, ref string) (exchange.Release, error)
	RegisterCase(ctx context.Context, call exchange.Call) error
	Prove(ctx context.Context, call exchange.Call) (exchange.Caller, error)
	AtDesk(ctx context.Context, officer exchange.Officer, call exchange.Call) (exchange.Release, error)
	ScanAtDesk(ctx context.Context, officer exchange.Officer, call exchange.Call) (exchange.Release, error)
	DeskOf(officer exchange.Officer) (exchange.Desk, error)
	Scan(ctx context.Context, call exchange.Call) (exchange.Release, error)
	AskConsent(ctx context.Context, call exchange.Call) (exchange.Release, error)
	ConsentState(ctx context.Context, call exchange.Call, id string) (exchange.Release, error)
	ToErase(ctx context.Context, call exchange.Call) (exchange.Release, error)
	AttestErasure(ctx context.Context, call exchange.Call, basisID string) error
	RecordRefusal(ctx context.Context, call exchange.Call, cause error)
}

// createExchange and getExchangeReceipt are not of the strict server: a signature is
// over the bytes as they came, and a body that nobody can read is recorded too.
func (a *api) createExchange(c *gin.Context) {
	a.serveSigned(c, a.exchanges.Exchange)
}

func (a *api) createGatewayExchange(c *gin.Context) {
	a.serveSigned(c, a.exchanges.Behind)
}

func (a *api) createPeerExchange(c *gin.Context) {
	a.serveSigned(c, a.exchanges.AtPeer)
}

func (a *api) getExchangeReceipt(c *gin.Context) {
	a.serveSigned(c, func(ctx context.Context, call exchange.Call) (exchange.Release, error) {
		return a.exchanges.Receipt(ctx, call, c.Param("ref"))
	})
}

func (a *api) serveSigned(c *gin.Context, serve func(context.Context, exchange.Call) (exchange.Release, error)) {
	ctx := c.Request.Context()
	body, err := readBody(c)
	call := a.call(c, body)
	if err != nil {
		a.exchanges.RecordRefusal(ctx, call, err)
		writeProblem(c, err)
		return
	}
	release, err := serve(ctx, call)
	visitOf(c).system = release.System
	if err == nil && release.Status == 0 {
		err = errors.New("the path released nothing and gave no reason")
	}
	if err != nil {
		writeProblem(c, err)
		return
	}
	maps.Copy(c.Writer.Header(), release.Header)
	c.Writer.Header().Set("Content-Length", strconv.Itoa(len(release.Body)))
	c.Writer.WriteHeader(release.Status)
	_, err = c.Writer.Write(release.Body)
	if err == nil {
		err = http.NewResponseController(c.Writer).Flush() // to the connection: what waits in a buffer has not left
	}
	if err != nil {
		_ = c.Error(err) // the caller has gone; the ledger says what was released
	}
	release.Handed(err)
}

// registerCase takes what a case system tells of a case.
func (a *api) registerCase(c *gin.Context) {
	ctx := c.Request.Context()
	body, err := readBody(c)
	if err == nil {
		err = a.exchanges.RegisterCase(ctx, a.call(c, body))
	}
	if err != nil {
		writeProblem(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// call is the request as it arrived, under the address by which callers know Kapok:
// what they signed, whatever stands between.
func (a *api) call(c *gin.Context, body []byte) exchange.Call {
	return exchange.Call{
		Method: c.Request.Method, TargetURI: a.publicURL + c.Request.RequestURI,
		Header: c.Request.Header, Body: body, TraceID: visitOf(c).trace,
		Remote: callerAddress(c.Request, a.proxies),
	}
}
