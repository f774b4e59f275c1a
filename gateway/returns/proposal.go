package returns

import (
	"context"
	"errors"
	"time"

	"kapok/gateway"
)

// Act is what is to be done with a delivery. Each takes two persons.
type Act string

// The acts.
const (
	ActPublish  Act = "publish"   // put it in force
	ActRollBack Act = "roll-back" // it is in force; the version before takes its place
	ActDestroy  Act = "destroy"   // drop its rows, and its key with the last of a generation
)

// from are the states in which a delivery can be proposed for an act.
var from = map[Act][]State{
	ActPublish:  {Reconciled},
	ActRollBack: {Published},
	ActDestroy:  {Reconciled, Superseded, RolledBack},
}

// ProposalState is where a proposal stands.
type ProposalState string

// The states of a proposal.
const (
	Open      ProposalState = "open"
	Confirmed ProposalState = "confirmed" // and done, in the same transaction
	Rejected  ProposalState = "rejected"
	Withdrawn ProposalState = "withdrawn" // by whoever proposed it
)

// Proposal is an act that one person proposes and another decides on.
type Proposal struct {
	ID       string
	Delivery string
	Act      Act
	Reason   string
	Actor    string // who proposes
	At       time.Time
	State    ProposalState
	Second   string    // who decided
	Decided  time.Time // zero while it is open
}

// Decision is what is said to a proposal.
type Decision struct {
	ID    string
	State ProposalState // Confirmed, Rejected or Withdrawn
	Actor string
	At    time.Time
}

// Allowed refuses who may not decide so: the one who proposed only withdraws, and
// nobody else does.
func (p Proposal) Allowed(d Decision) error {
	if p.State != Open {
		return gateway.Fail(gateway.Conflict, "return-proposal-decided", "The proposal is decided already.")
	}
	if (d.Actor == p.Actor) != (d.State == Withdrawn) {
		return gateway.Fail(gateway.Forbidden, "second-person", "One person proposes and another decides; only the one who proposed can withdraw.")
	}
	return nil
}

// Propose keeps what somebody wants done with a delivery.
func (i *Importer) Propose(ctx context.Context, id string, act Act, actor, reason string) (Proposal, error) {
	if reason == "" {
		return Proposal{}, reasonMissing()
	}
	delivery, err := i.Store.Delivery(ctx, id)
	if err != nil {
		return Proposal{}, err
	}
	if err := delivery.State.fits(act); err != nil {
		return Proposal{}, err
	}
	p := Proposal{ID: gateway.NewRef(), Delivery: id, Act: act, Reason: reason, Actor: actor, At: i.Now(), State: Open}
	pending, err := i.Store.Propose(ctx, p)
	return p, errors.Join(err, i.seal(ctx, pending))
}

func (s State) fits(act Act) error {
	for _, before := range from[act] {
		if before == s {
			return nil
		}
	}
	return gateway.Fail(gateway.Conflict, "return-state", "A delivery that is "+string(s)+" is not one to "+string(act)+".")
}

// Decide says yes or no to a proposal. What was confirmed is done when it returns, and
// in the ledger.
func (i *Importer) Decide(ctx context.Context, id string, state ProposalState, actor string) (Proposal, error) {
	p, pending, err := i.Store.Decide(ctx, Decision{ID: id, State: state, Actor: actor, At: i.Now()})
	if err != nil {
		return p, err
	}
	return p, i.seal(ctx, pending)
}

// Proposals lists what was proposed, the latest first.
func (i *Importer) Proposals(ctx context.Context, limit int) ([]Proposal, error) {
	return i.Store.Proposals(ctx, limit)
}

// seal waits until the ledger holds an entry; "" is none.
func (i *Importer) seal(ctx context.Context, pendingID string) error {
	if pendingID == "" || i.Sealed == nil {
		return nil
	}
	return i.Sealed(ctx, pendingID)
}
