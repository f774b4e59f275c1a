package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/returns"
)

// What a provider's system delivers by itself is signed as any call; nobody is signed in.
// Each call can come twice without harm: a manifest that is known is found again, and a
// piece is kept only where the file ends.

// maxPiece is the largest piece of a file in one signed call, in bytes.
const maxPiece = 8 << 20

// delivered serves a signed call about a delivery.
func (a *api) delivered(status int, serve func(c *gin.Context, caller exchange.Caller, body []byte) (ReturnDelivery, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		body, err := readUpTo(c, maxPiece)
		var caller exchange.Caller
		if err == nil {
			caller, err = a.exchanges.Prove(c.Request.Context(), a.call(c, body))
		}
		var shown ReturnDelivery
		if err == nil {
			visitOf(c).system = caller.System
			shown, err = serve(c, caller, body)
		}
		if err != nil {
			writeProblem(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(status, shown)
	}
}

func (a *api) announceDelivery(c *gin.Context, caller exchange.Caller, body []byte) (ReturnDelivery, error) {
	var told ReturnManifest
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&told) != nil {
		return ReturnDelivery{}, badJSON()
	}
	m, err := returns.ParseManifest([]byte(told.Manifest))
	if err == nil {
		err = a.provides(caller, m.Dataset)
	}
	if err != nil {
		return ReturnDelivery{}, err
	}
	found, _, err := a.importing.Receive(c.Request.Context(), []byte(told.Manifest), told.Signature, caller.System)
	if err != nil {
		return ReturnDelivery{}, err
	}
	return handlers{a}.delivery(c.Request.Context(), found)
}

func (a *api) deliveryState(c *gin.Context, caller exchange.Caller, _ []byte) (ReturnDelivery, error) {
	return a.ownDelivery(c.Request.Context(), caller, c.Param("id"))
}

// deliverPiece takes the next bytes of a file; where they begin stands in the address,
// which is signed.
func (a *api) deliverPiece(c *gin.Context, caller exchange.Caller, body []byte) (ReturnDelivery, error) {
	ctx, id := c.Request.Context(), c.Param("id")
	if _, err := a.ownDelivery(ctx, caller, id); err != nil {
		return ReturnDelivery{}, err
	}
	if !isMediaType(c, "application/octet-stream") {
		return ReturnDelivery{}, unsupportedType("application/octet-stream")
	}
	offset, err := strconv.ParseInt(c.Query("offset"), 10, 64)
	if err != nil || offset < 0 {
		return ReturnDelivery{}, invalid("offset", "offset is the number of the first byte.")
	}
	if _, err := a.importing.Append(ctx, id, c.Param("name"), offset, bytes.NewReader(body)); err != nil {
		return ReturnDelivery{}, err
	}
	return a.ownDelivery(ctx, caller, id)
}

// ownDelivery finds a delivery of the caller's department.
func (a *api) ownDelivery(ctx context.Context, caller exchange.Caller, id string) (ReturnDelivery, error) {
	found, err := a.returns.Delivery(ctx, id)
	if err == nil {
		err = a.provides(caller, found.Manifest.Dataset)
	}
	if err != nil {
		return ReturnDelivery{}, err
	}
	return handlers{a}.delivery(ctx, found)
}

func (a *api) provides(caller exchange.Caller, dataset string) error {
	found, err := a.importing.Dataset(dataset)
	if err != nil {
		return err
	}
	if found.Item.Provider != caller.Department {
		return gateway.Fail(gateway.Forbidden, "return-not-provider", "The dataset is not of the department of whoever calls.")
	}
	return nil
}
