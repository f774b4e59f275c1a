package main

import (
	"context"

	"kapok/gateway/exchange"
	"kapok/gateway/grants"
)

// corrections record what sources break of the catalogue, and take each rule up with
// the source's provider once, until it says that it was put right.
type corrections struct{ node *node }

// Report makes the violation durable first: a correction that cannot be filed now is
// filed when the rule is broken again.
func (c corrections) Report(ctx context.Context, v exchange.Violation) error {
	store := c.node.database
	if err := store.Report(ctx, v); err != nil {
		return err
	}
	ours, err := store.ClaimViolation(ctx, v)
	if err != nil || !ours {
		return err
	}
	matter, err := c.node.workflow.service.CorrectSource(ctx, grants.Broken{Item: v.Item, Field: v.Field, Rule: v.Rule, Exchange: v.Ref})
	if err != nil {
		return err
	}
	return store.TakeUpViolation(ctx, v, matter.ID)
}
