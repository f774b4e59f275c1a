package main

import (
	"context"
	"errors"
	"time"

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

// ToErase lists what a system still has to erase.
func (a asks) ToErase(ctx context.Context, system string) ([]exchange.EraseOrder, error) {
	found, err := a.safe.ToErase(ctx, system)
	orders := []exchange.EraseOrder{}
	for _, e := range found {
		orders = append(orders, exchange.EraseOrder{
			BasisID: e.BasisID, OrderedAt: e.OrderedAt.UTC(), Due: e.Due.UTC(), Overdue: !e.EscalatedAt.IsZero(),
		})
	}
	return orders, err
}

// AttestErasure takes what a recipient signed.
func (a asks) AttestErasure(ctx context.Context, basisID string, told exchange.ErasureAttested) error {
	return a.safe.Attest(ctx, safe.Attestation{
		System: told.Caller.System, Department: told.Caller.Department, KeyID: told.Caller.KeyID, BasisID: basisID,
		Answer: safe.ErasureAnswer(told.Answer), Law: told.Provision, RetainUntil: told.Until,
		Base: told.Caller.Base, Signature: told.Caller.Signature,
	})
}

// sweepEvery is how often a node ends what time has ended.
const sweepEvery = 10 * time.Second

// keepBases ends what time has ended, until ctx ends; the channel is closed then.
func (n *node) keepBases(ctx context.Context) <-chan struct{} {
	return every(ctx, sweepEvery, nil, func() {
		if err := errors.Join(n.safe.Sweep(ctx), n.mandates.Sweep(ctx)); err != nil && ctx.Err() == nil {
			n.log.Warn("some bases or mandates that time has ended are not ended yet; tried again soon", "error", err)
		}
	})
}
