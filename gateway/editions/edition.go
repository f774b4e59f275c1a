package editions

import (
	"time"

	"kapok/gateway"
)

// The kinds of editions.
const (
	Catalogue = "catalogue"
	Policies  = "policies"
)

// Edition is one published state of a kind.
type Edition struct {
	Kind        string
	Number      int64  // from 1; the highest is in force
	Digest      string // of what it means, as its kind computes it
	Content     []byte // its files; see [Pack]
	ProposedBy  string
	ConfirmedBy string
	Published   time.Time
}

// State is what became of a proposal.
type State string

// The states of a proposal.
const (
	Open      State = "open"
	Published State = "published"
	Rejected  State = "rejected"
)

// Proposal is a state that somebody wants in force.
type Proposal struct {
	ID         string
	Kind       string
	Digest     string
	Based      int64 // the edition that it was compared with: it is published only while that is in force
	Content    []byte
	Report     string // digest of a report that goes with it; "" for none
	ProposedBy string
	ProposedAt time.Time
	State      State
	DecidedBy  string
	DecidedAt  time.Time
}

// Decide checks that a person may publish or reject the proposal: it is open, and who
// publishes is not who proposed. One may reject one's own.
func (p Proposal) Decide(by string, to State) error {
	if p.State != Open {
		return gateway.Fail(gateway.Conflict, "proposal-decided", "This proposal was decided before.")
	}
	if to == Published && by == p.ProposedBy {
		failure := gateway.Fail(gateway.Forbidden, "second-person", "Whoever proposed an edition cannot confirm it; another person does.")
		failure.Remedy = "Ask another member of staff to confirm it."
		return failure
	}
	return nil
}
