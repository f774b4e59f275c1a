package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// The documents of editions, as far as the demonstration reads them.

type namedText struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

type edition struct {
	Number  int  `json:"number"`
	InForce bool `json:"in_force"`
}

type proposal struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

// inForce are the files of a kind that are in force, without one that a demonstration which
// was cut off may have left.
func (p *person) inForce(ctx context.Context, kind, without string) ([]namedText, error) {
	var listed struct {
		Editions []edition `json:"editions"`
	}
	if err := p.get(ctx, "/v1/editions/"+kind, &listed); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(listed.Editions, func(e edition) bool { return e.InForce })
	if at < 0 {
		return nil, fmt.Errorf("no edition of the %s is in force", kind)
	}
	var held struct {
		Files []namedText `json:"files"`
	}
	if err := p.get(ctx, fmt.Sprintf("/v1/editions/%s/%d", kind, listed.Editions[at].Number), &held); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(held.Files, func(f namedText) bool { return f.Name == without }), nil
}

// publish has an edition published by two: one proposes it and cannot confirm it alone, the
// other confirms.
func publish(ctx context.Context, one, other *person, wanted map[string]any) error {
	var p proposal
	if err := one.post(ctx, "/v1/proposals", wanted, &p); err != nil {
		return err
	}
	confirmed := map[string]string{"event": "confirmed"}
	if err := one.post(ctx, "/v1/proposals/"+p.ID+"/events", confirmed, nil); err == nil {
		return errors.New("who proposed the edition published it alone")
	}
	if err := other.post(ctx, "/v1/proposals/"+p.ID+"/events", confirmed, &p); err != nil {
		return err
	}
	if p.State != "published" {
		return fmt.Errorf("after its confirmation the proposal is %s", p.State)
	}
	return nil
}
