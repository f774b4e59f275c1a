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
	Withdrawn State = "withdrawn" // by whoever proposed it
)

// Proposal is a state that somebody wants in force.
type Proposal struct {
	ID         string
	Kind       string
	Digest     string
	Based      int64 // the edition that it was compared with: it is published only while that is in force
	Content    []byte
	Report     string // digest of a report that goes with it; "" for none
	Reason     string // why it is proposed
	Proposer   gateway.Account
	ProposedAt time.Time
	State      State
	DecidedBy  string
	DecidedAt  time.Time
	Because    string // why it was decided so; may be ""
}

// Decision is what a person does about a proposal.
type Decision struct {
	Kind   string
	ID     string // the proposal's
	By     gateway.Account
	To     State
	Reason string
	At     time.Time
}

// Decide checks that a person may decide the proposal so: it is open; who publishes it is
// not who proposed it; who withdraws it is.
func (p Proposal) Decide(by gateway.Account, to State) error {
	switch {
	case p.State != Open:
		return gateway.Fail(gateway.Conflict, "proposal-decided", "This proposal was decided before.")
	case to == Published && p.Proposer.Same(by):
		failure := gateway.Fail(gateway.Forbidden, "second-person", "Whoever proposed an edition cannot confirm it; another person does.")
		failure.Remedy = "Ask another member of staff to confirm it."
		return failure
	case to == Withdrawn && !p.Proposer.Same(by):
		return gateway.Fail(gateway.Forbidden, "not-your-proposal", "Only who made a proposal withdraws it; others reject it.")
	}
	return nil
}

// InForce is the edition in force of a kind, as a publication finds it.
type InForce struct {
	Number  int64
	Content []byte
}

// Fits judges, within the publication's transaction, whether what is proposed fits what
// is in force of every other kind then.
type Fits func(proposed Proposal, inForce map[string]InForce) error
