package main

import (
	"context"

	"kapok/gateway/exchange"
	"kapok/gateway/safe"
)

// asks lets systems ask people for what they would allow.
type asks struct{ safe *safe.Service }

// AskConsent keeps the request until the person answers.
func (a asks) AskConsent(ctx context.Context, id string, asked exchange.ConsentAsked) (exchange.ConsentState, error) {
	kept, err := a.safe.Ask(ctx, id, asked.SubjectRef, safe.Wanted{
		Department: asked.Caller.Department, System: asked.Caller.System, Item: asked.Item, Fields: asked.Fields, Optional: asked.Optional,
		Operation: asked.Operation, ServiceItem: asked.ServiceItem, Purpose: asked.Purpose, CaseNo: asked.CaseNo, Expires: asked.Expires,
		MaxUses: asked.MaxUses, PerDay: asked.PerDay, Template: asked.Template, Contract: asked.ContractNo, KeyID: asked.Caller.KeyID,
	}, safe.Request{Base: asked.Caller.Base, Signature: asked.Caller.Signature})
	return told(kept), err
}

// ConsentState says how a system's own request stands.
func (a asks) ConsentState(ctx context.Context, system, id string) (exchange.ConsentState, error) {
	kept, err := a.safe.Asked(ctx, system, id)
	return told(kept), err
}

func told(r safe.Request) exchange.ConsentState {
	return exchange.ConsentState{BasisID: r.Draft.ID, State: r.State, Lapses: r.Lapses.UTC()}
}
