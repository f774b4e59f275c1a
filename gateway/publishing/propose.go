package publishing

import (
	"context"
	"slices"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/editions"
)

// ProposeCatalogue keeps a draft until a second person decides it.
func (s *Service) ProposeCatalogue(ctx context.Context, by Person, d Draft, reason string) (editions.Proposal, []catalog.Change, error) {
	planned, err := s.Plan(ctx, d)
	if err != nil {
		return editions.Proposal{}, nil, err
	}
	if len(planned.Changes) == 0 {
		return editions.Proposal{}, nil, gateway.Fail(gateway.Conflict, "edition-unchanged", "This is what is in force; there is nothing to publish.")
	}
	if err := planned.mayPropose(by); err != nil {
		return editions.Proposal{}, nil, err
	}
	files, err := planned.Catalog.Files()
	if err != nil {
		return editions.Proposal{}, nil, err
	}
	content, err := editions.Pack(files)
	if err != nil {
		return editions.Proposal{}, nil, gateway.Fail(gateway.Invalid, "draft-invalid", "A file holds a line that an edition cannot keep.").Because(err)
	}
	proposed, err := s.propose(ctx, editions.Proposal{
		Kind: editions.Catalogue, Digest: planned.Catalog.Digest(), Based: planned.Based, Content: content, Reason: reason, Proposer: by.Account,
	})
	return proposed, planned.Changes, err
}

// ProposePolicies proposes the set of a replay that is done, with its report.
func (s *Service) ProposePolicies(ctx context.Context, by Person, replayID, reason string) (editions.Proposal, error) {
	if !slices.Contains(by.Roles, string(catalog.Bureau)) {
		return editions.Proposal{}, gateway.Fail(gateway.Forbidden, "role-missing", "Only the bureau proposes policies.")
	}
	r, err := s.Replays.Replay(ctx, replayID)
	if err != nil {
		return editions.Proposal{}, err
	}
	if r.State != ReplayDone {
		return editions.Proposal{}, gateway.Fail(gateway.Conflict, "replay-not-done", "The replay has not ended, or it failed; policies are proposed with its report.")
	}
	numbers, err := s.Store.EditionsInForce(ctx)
	if err != nil {
		return editions.Proposal{}, err
	}
	if numbers[editions.Policies] != r.Based {
		failure := gateway.Fail(gateway.Conflict, "edition-outdated", "Another edition was published since the replay.")
		failure.Remedy = "Replay it again, against the edition in force."
		return editions.Proposal{}, failure
	}
	p := editions.Proposal{Kind: editions.Policies, Digest: r.Digest, Based: r.Based, Content: r.Content, Report: r.ReportDigest, Reason: reason, Proposer: by.Account}
	live, _, err := s.live(ctx)
	if err != nil {
		return editions.Proposal{}, err
	}
	if live.Policies.Digest() == r.Digest {
		return editions.Proposal{}, gateway.Fail(gateway.Conflict, "edition-unchanged", "This is what is in force; there is nothing to publish.")
	}
	return s.propose(ctx, p)
}

func (s *Service) propose(ctx context.Context, p editions.Proposal) (editions.Proposal, error) {
	p.ProposedAt, p.State = s.Now(), editions.Open
	id, pending, err := s.Store.ProposeEdition(ctx, p)
	if err != nil {
		return editions.Proposal{}, err
	}
	p.ID = id
	return p, s.seal(ctx, pending)
}

// Proposal reads a proposal and what it would change.
func (s *Service) Proposal(ctx context.Context, id string) (editions.Proposal, []catalog.Change, error) {
	p, err := s.Store.Proposal(ctx, id)
	if err != nil {
		return p, nil, err
	}
	based, err := s.Store.Edition(ctx, p.Kind, p.Based)
	if err != nil {
		return p, nil, err
	}
	changes, err := s.compare(p.Kind, based.Content, p.Content)
	return p, changes, err
}

// Decide publishes a proposal, rejects it, or takes it back. Only the bureau publishes
// and rejects.
func (s *Service) Decide(ctx context.Context, by Person, id string, to editions.State, reason string) (editions.Proposal, error) {
	p, err := s.Store.Proposal(ctx, id)
	if err != nil {
		return p, err
	}
	if to != editions.Withdrawn && !slices.Contains(by.Roles, string(catalog.Bureau)) {
		return p, gateway.Fail(gateway.Forbidden, "role-missing", "Only the bureau confirms and rejects.")
	}
	if to == editions.Rejected && reason == "" {
		return p, gateway.Fail(gateway.Invalid, "reason-missing", "A reason has to be given.")
	}
	decision := editions.Decision{Kind: p.Kind, ID: id, By: by.Account, To: to, Reason: reason, At: s.Now()}
	pending := ""
	if to == editions.Published {
		_, pending, err = s.Store.ConfirmEdition(ctx, decision, s.fits)
	} else {
		pending, err = s.Store.CloseProposal(ctx, decision)
	}
	if err != nil {
		return p, err
	}
	if err := s.seal(ctx, pending); err != nil {
		return p, err
	}
	if to == editions.Published {
		if err := s.Refresh(ctx); err != nil {
			return p, err
		}
	}
	return s.Store.Proposal(ctx, id)
}
