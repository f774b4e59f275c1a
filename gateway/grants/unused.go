package grants

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kapok/gateway"
)

// Usage is what of a grant was used since a day.
type Usage struct {
	Grant      string
	Since      time.Time
	Fields     []string
	Operations []gateway.Operation
}

// Unused is the proposal to narrow a grant to what is used of it.
type Unused struct {
	Grant      string              `json:"grant"`
	Since      time.Time           `json:"since"`
	Fields     []string            `json:"fields"`     // never used
	Operations []gateway.Operation `json:"operations"` // never used
	Month      string              `json:"month"`      // of the report, YYYY-MM
}

// minimumAge is how long a grant is in force before its use is judged.
const minimumAge = 30 * 24 * time.Hour

// unusedOf compares a grant with its use; false: all of it is used, or it is too new.
func unusedOf(g Grant, u Usage, now time.Time) (Unused, bool) {
	if now.Sub(g.IssuedAt) < minimumAge || g.State != InForce || !now.Before(g.Expires) {
		return Unused{}, false
	}
	proposal := Unused{
		Grant: g.ID, Since: u.Since, Month: now.Format("2006-01"),
		Fields: without(g.Fields, u.Fields), Operations: without(g.Operations, u.Operations),
	}
	return proposal, len(proposal.Fields)+len(proposal.Operations) > 0
}

// Review reports to each provider what of a grant was never used, once a month for
// each grant.
func (s *Service) Review(ctx context.Context, g Grant, u Usage) (Matter, bool, error) {
	proposal, any := unusedOf(g, u, s.Now())
	if !any {
		return Matter{}, false, nil
	}
	document, err := json.Marshal(proposal)
	if err != nil {
		return Matter{}, false, err
	}
	told := fmt.Sprintf("%d 个信息项、%d 种使用方式从未使用", len(proposal.Fields), len(proposal.Operations))
	m, err := s.file(ctx, Matter{Kind: UnusedRights, Applicant: g.Department, Provider: g.Provider, Item: g.Item, About: g.ID},
		Happened{Event: File, Side: Job, By: kapok(), Reason: told, Document: document})
	return m, err == nil, err
}

// carryNarrowing puts a narrower grant in the place of the one that was reviewed.
func (s *Service) carryNarrowing(m *Matter, a Act, change *Change) (json.RawMessage, error) {
	if a.Event != Narrow {
		return nil, nil
	}
	var proposal Unused
	if err := json.Unmarshal(m.Document, &proposal); err != nil {
		return nil, err
	}
	old, narrower := a.reviewed, a.reviewed
	narrower.ID, narrower.Matter, narrower.IssuedAt, narrower.From = gateway.NewRef(), m.ID, s.Now(), s.Now()
	narrower.Fields, narrower.Operations = without(old.Fields, proposal.Fields), without(old.Operations, proposal.Operations)
	change.Replaces = old.ID
	if len(narrower.Fields) > 0 && len(narrower.Operations) > 0 { // nothing is left of one that was never used
		change.Issue = &narrower
	}
	return nil, nil
}

func without[T comparable](all, some []T) []T {
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return slices.Contains(some, one) })
}
