package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"kapok/gateway/cases"
	"kapok/gateway/exchange"
)

// What departments' systems tell of their cases is signed as any call: the body counts
// as it came, and who signed it handles the case.

func (a *api) caseState(c *gin.Context) {
	signedCase(a, c, http.StatusOK, func(ctx context.Context, by cases.Actor, body CaseNamed, _ string) (cases.Case, error) {
		return a.cases.One(ctx, by, body.ServiceItem, body.CaseNo)
	})
}

func (a *api) acceptCase(c *gin.Context) {
	signedCase(a, c, http.StatusOK, func(ctx context.Context, by cases.Actor, body CaseAcceptance, _ string) (cases.Case, error) {
		by.Officer = body.OfficerRef
		return a.cases.Accept(ctx, by, body.ServiceItem, body.CaseNo, answersOf(body))
	})
}

// demandPaper knows a call that comes twice by its nonce.
func (a *api) demandPaper(c *gin.Context) {
	signedCase(a, c, http.StatusCreated, func(ctx context.Context, by cases.Actor, body PaperWish, nonce string) (cases.Case, error) {
		by.Officer = body.OfficerRef
		return a.cases.Demand(ctx, by, body.ServiceItem, body.CaseNo, body.Material, body.Step, nonce)
	})
}

func (a *api) decideCase(c *gin.Context) {
	signedCase(a, c, http.StatusOK, func(ctx context.Context, by cases.Actor, body CaseDecision, _ string) (cases.Case, error) {
		by.Officer = body.OfficerRef
		return a.cases.Decide(ctx, by, body.ServiceItem, body.CaseNo, body.DecidedAt, documentsOf(body))
	})
}

func signedCase[T any](a *api, c *gin.Context, status int, serve func(ctx context.Context, by cases.Actor, body T, nonce string) (cases.Case, error)) {
	ctx := c.Request.Context()
	raw, err := readBody(c)
	var caller exchange.Caller
	if err == nil {
		caller, err = a.exchanges.Prove(ctx, a.call(c, raw))
	}
	if err != nil {
		writeProblem(c, err)
		return
	}
	visitOf(c).system = caller.System
	var body T
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&body) != nil {
		writeProblem(c, badJSON())
		return
	}
	found, err := serve(ctx, cases.Actor{System: caller.System, Department: caller.Department}, body, caller.Nonce)
	if err != nil {
		writeProblem(c, err)
		return
	}
	c.JSON(status, handlers{a}.caseFile(found))
}
