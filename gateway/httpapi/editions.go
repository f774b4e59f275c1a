package httpapi

import (
	"bytes"
	"context"
	"slices"

	"kapok/catalog"
	"kapok/catalog/spreadsheet"
	"kapok/gateway/editions"
	"kapok/gateway/postgres"
	"kapok/gateway/publishing"
)

// publisher is who is signed in, as publishing knows people.
func (h handlers) publisher(session *postgres.Session) publishing.Person {
	worker := h.worker(session)
	return publishing.Person{Account: worker.Account(), Department: worker.Department, Roles: worker.Roles}
}

// ListEditions lists what was published.
func (h handlers) ListEditions(ctx context.Context, request ListEditionsRequestObject) (ListEditionsResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.editions.Editions(ctx, string(request.Kind))
	if err != nil {
		return nil, err
	}
	listed := EditionList{Editions: []Edition{}}
	for i, e := range found {
		listed.Editions = append(listed.Editions, edition(e, i == 0))
	}
	return ListEditions200JSONResponse(listed), nil
}

func edition(e editions.Edition, inForce bool) Edition {
	return Edition{
		Kind: EditionKind(e.Kind), Number: e.Number, Digest: e.Digest,
		ProposedBy: e.ProposedBy, ConfirmedBy: e.ConfirmedBy, Published: e.Published, InForce: inForce,
	}
}

// GetEdition shows an edition with its files.
func (h handlers) GetEdition(ctx context.Context, request GetEditionRequestObject) (GetEditionResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.editions.Edition(ctx, string(request.Kind), request.Number)
	if err != nil {
		return nil, err
	}
	files, err := editions.Files(found.Content)
	if err != nil {
		return nil, err
	}
	inForce, err := h.editions.EditionsInForce(ctx)
	if err != nil {
		return nil, err
	}
	shown := EditionFiles{Edition: edition(found, inForce[found.Kind] == found.Number), Files: []NamedText{}}
	for name, content := range files {
		shown.Files = append(shown.Files, NamedText{Name: name, Text: string(content)})
	}
	slices.SortFunc(shown.Files, func(a, b NamedText) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return GetEdition200JSONResponse(shown), nil
}

// ListEditionChanges compares two editions.
func (h handlers) ListEditionChanges(ctx context.Context, request ListEditionChangesRequestObject) (ListEditionChangesResponseObject, error) {
	ctx, _ = unwrap(ctx)
	since := request.Params.Since
	if since == 0 {
		since = max(request.Number-1, 1)
	}
	found, err := h.publishing.Changes(ctx, string(request.Kind), since, request.Number)
	if err != nil {
		return nil, err
	}
	return ListEditionChanges200JSONResponse{Changes: changes(found)}, nil
}

func changes(found []catalog.Change) []CatalogueChange {
	shown := []CatalogueChange{}
	for _, c := range found {
		shown = append(shown, CatalogueChange{
			Section: c.Section, ID: c.ID, What: CatalogueChangeWhat(c.What), Member: c.Member, Old: c.Old, New: c.New, Breaking: c.Breaking,
		})
	}
	return shown
}

// GetCatalogForm hands out the form that departments fill in.
func (h handlers) GetCatalogForm(_ context.Context, request GetCatalogFormRequestObject) (GetCatalogFormResponseObject, error) {
	items := func(func(*catalog.Item) bool) {}
	if request.Params.Filled {
		items = h.catalog().Items()
	}
	form, err := spreadsheet.Write(items)
	if err != nil {
		return nil, err
	}
	return GetCatalogForm200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{Body: bytes.NewReader(form), ContentLength: int64(len(form))}, nil
}

// draft reads exactly one of files and form.
func draft(files []NamedText, form CatalogueForm) (publishing.Draft, error) {
	switch {
	case (len(files) > 0) == (form.Name != ""):
		return publishing.Draft{}, invalid("/files", "Exactly one of files and form is sent.")
	case form.Name != "":
		return publishing.Draft{Form: &publishing.Form{Name: form.Name, Content: form.Content}}, nil
	}
	named, err := namedTexts(files)
	return publishing.Draft{Files: named}, err
}

func namedTexts(files []NamedText) (map[string][]byte, error) {
	named := map[string][]byte{}
	for _, file := range files {
		if _, twice := named[file.Name]; twice {
			return nil, invalid("/files", "No two files have one name.")
		}
		named[file.Name] = []byte(file.Text)
	}
	return named, nil
}

// PlanCatalogue says what a draft would change.
func (h handlers) PlanCatalogue(ctx context.Context, request PlanCatalogueRequestObject) (PlanCatalogueResponseObject, error) {
	ctx, _ = unwrap(ctx)
	wanted, err := draft(request.Body.Files, request.Body.Form)
	if err != nil {
		return nil, err
	}
	planned, err := h.publishing.Plan(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return PlanCatalogue200JSONResponse{Based: planned.Based, Digest: planned.Catalog.Digest(), Changes: changes(planned.Changes)}, nil
}

// ListProposals lists what was proposed.
func (h handlers) ListProposals(ctx context.Context, request ListProposalsRequestObject) (ListProposalsResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.editions.Proposals(ctx, string(request.Params.Kind), request.Params.Open, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	listed := ProposalList{Proposals: []Proposal{}}
	for _, p := range found {
		listed.Proposals = append(listed.Proposals, proposal(p, nil))
	}
	return ListProposals200JSONResponse(listed), nil
}

func proposal(p editions.Proposal, found []catalog.Change) Proposal {
	shown := Proposal{
		ID: p.ID, Kind: EditionKind(p.Kind), State: ProposalState(p.State), Digest: p.Digest, Based: p.Based, Report: p.Report, Reason: p.Reason,
		ProposedBy: p.Proposer.Ref, ProposedAt: p.ProposedAt,
	}
	if p.State != editions.Open {
		shown.DecidedBy, shown.DecidedAt, shown.DecidedReason = p.DecidedBy, p.DecidedAt, p.Because
	}
	if found != nil {
		shown.Changes = changes(found)
	}
	return shown
}

// GetProposal shows a proposal and what it would change.
func (h handlers) GetProposal(ctx context.Context, request GetProposalRequestObject) (GetProposalResponseObject, error) {
	ctx, _ = unwrap(ctx)
	p, found, err := h.publishing.Proposal(ctx, request.ID)
	if err != nil {
		return nil, err
	}
	return GetProposal200JSONResponse(proposal(p, found)), nil
}

// ProposeEdition keeps what a second person is to confirm.
func (h handlers) ProposeEdition(ctx context.Context, request ProposeEditionRequestObject) (ProposeEditionResponseObject, error) {
	ctx, v := unwrap(ctx)
	body, by := *request.Body, h.publisher(v.session)
	if body.Kind == EditionKindPolicies {
		if body.Replay == "" || len(body.Files) > 0 || body.Form.Name != "" {
			return nil, invalid("/replay", "Policies are proposed by a replay of them that is done, and nothing else.")
		}
		p, err := h.publishing.ProposePolicies(ctx, by, body.Replay, string(body.Reason))
		return ProposeEdition201JSONResponse(proposal(p, nil)), err
	}
	if body.Replay != "" {
		return nil, invalid("/replay", "Only policies have a replay.")
	}
	wanted, err := draft(body.Files, body.Form)
	if err != nil {
		return nil, err
	}
	p, found, err := h.publishing.ProposeCatalogue(ctx, by, wanted, string(body.Reason))
	if err != nil {
		return nil, err
	}
	return ProposeEdition201JSONResponse(proposal(p, found)), nil
}

// decisions are what can be done about a proposal.
var decisions = map[ProposalActEvent]editions.State{
	ProposalActEventConfirmed: editions.Published,
	ProposalActEventRejected:  editions.Rejected,
	ProposalActEventWithdrawn: editions.Withdrawn,
}

// DecideProposal confirms, rejects or withdraws.
func (h handlers) DecideProposal(ctx context.Context, request DecideProposalRequestObject) (DecideProposalResponseObject, error) {
	ctx, v := unwrap(ctx)
	p, err := h.publishing.Decide(ctx, h.publisher(v.session), request.ID, decisions[request.Body.Event], string(request.Body.Reason))
	if err != nil {
		return nil, err
	}
	return DecideProposal200JSONResponse(proposal(p, nil)), nil
}
