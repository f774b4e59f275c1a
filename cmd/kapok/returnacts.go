package main

import (
	"context"
	"fmt"
	"io"
)

// returnProposal is an act on a delivery, as a node tells of it.
type returnProposal struct {
	ID         string `json:"proposal"`
	Delivery   string `json:"delivery"`
	Act        string `json:"act"`
	Reason     string `json:"reason"`
	State      string `json:"state"`
	ProposedBy string `json:"proposed_by"`
	DecidedBy  string `json:"decided_by"`
}

func (p returnProposal) print(out io.Writer) error {
	second := ""
	if p.DecidedBy != "" {
		second = ", by " + p.DecidedBy
	}
	_, err := fmt.Fprintf(out, "%s\t%s\t%s\t%s%s\tproposed by %s: %s\n", p.ID, p.Act, p.Delivery, p.State, second, p.ProposedBy, p.Reason)
	return err
}

// proposeReturn proposes to publish, roll back or destroy a delivery.
func proposeReturn(ctx context.Context, c *client, words []string, out io.Writer) error {
	var p returnProposal
	if err := c.post(ctx, "/v1/return-proposals", map[string]string{"act": words[0], "delivery": words[1], "reason": words[2]}, &p); err != nil {
		return err
	}
	return p.print(out)
}

func listReturnProposals(ctx context.Context, c *client, _ []string, out io.Writer) error {
	var found struct {
		Proposals []returnProposal `json:"proposals"`
	}
	if err := c.get(ctx, "/v1/return-proposals", &found); err != nil {
		return err
	}
	for _, p := range found.Proposals {
		if err := p.print(out); err != nil {
			return err
		}
	}
	return nil
}

// decideReturn makes the acts that end a proposal.
func decideReturn(event string) personsAct {
	return func(ctx context.Context, c *client, words []string, out io.Writer) error {
		var p returnProposal
		if err := c.post(ctx, "/v1/return-proposals/"+words[0]+"/events", map[string]string{"event": event}, &p); err != nil {
			return err
		}
		return p.print(out)
	}
}
