package grants

import (
	"context"
	"slices"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// EmergencyStop is what the bureau stopped at once. One person stops; two reopen.
type EmergencyStop struct {
	ID     string
	Kind   string // department, system, item or source
	Target string // its id
	Hands  []StopHand
}

// StopHand is what somebody did about a stop.
type StopHand struct {
	Event  StopEvent
	By     Person
	Reason string
	At     time.Time
}

// StopEvent is what can be done about a stop.
type StopEvent string

// The events of a stop, in their order; a proposal may be made once.
const (
	StopMade       StopEvent = "stopped"
	ReopenProposed StopEvent = "reopening-proposed"
	Reopened       StopEvent = "reopened"
)

// Open reports whether it still stops.
func (s EmergencyStop) Open() bool {
	return len(s.Hands) > 0 && s.Hands[len(s.Hands)-1].Event != Reopened
}

// Entry is what the ledger keeps of a hand; the second one's names both.
func (s EmergencyStop) Entry(h StopHand) ledger.Entry {
	fields := []ledger.Field{
		{Name: "stopped-kind", Value: s.Kind},
		{Name: "stopped", Value: s.Target},
		{Name: "actor", Value: h.By.Ref},
	}
	if h.Event == Reopened {
		fields = append(fields, ledger.Field{Name: "proposed-by", Value: s.proposal().By.Ref})
	}
	return ledger.Entry{Kind: ledger.Kind("emergency-" + string(h.Event)), Ref: s.ID, At: h.At, Fields: fields}
}

func (s EmergencyStop) proposal() StopHand {
	for _, h := range s.Hands {
		if h.Event == ReopenProposed {
			return h
		}
	}
	return StopHand{}
}

// Stops keeps emergency stops; each call is one transaction with its entry, and what
// it stops or reopens bites on every node when it returns.
type Stops interface {
	StopAtOnce(ctx context.Context, s EmergencyStop, by StopHand) (pending string, err error)
	Reopen(ctx context.Context, id string, judge func(EmergencyStop) (StopHand, error)) (s EmergencyStop, pending string, err error)
	EmergencyStops(ctx context.Context, limit int) ([]EmergencyStop, error)
}

// ListStops lists the latest stops, for whoever works here: a stop is no secret.
func (s *Service) ListStops(ctx context.Context, limit int) ([]EmergencyStop, error) {
	return s.Stops.EmergencyStops(ctx, limit)
}

// StopAtOnce stops something of the catalogue, now, on every node.
func (s *Service) StopAtOnce(ctx context.Context, p Person, kind, target, reason string) (EmergencyStop, error) {
	if !p.has(bureauRole) {
		return EmergencyStop{}, gateway.Fail(gateway.Forbidden, "role-missing", "Only the bureau stops.")
	}
	if reason == "" {
		return EmergencyStop{}, reasonMissing()
	}
	if !slices.Contains([]string{"department", "system", "item", "source"}, kind) || !s.stoppable(kind, target) {
		return EmergencyStop{}, wrong("/target", "It is a department, a system, an item or a source of the catalogue.")
	}
	stopped := EmergencyStop{ID: gateway.NewRef(), Kind: kind, Target: target}
	hand := StopHand{Event: StopMade, By: p, Reason: reason, At: s.Now()}
	pending, err := s.Stops.StopAtOnce(ctx, stopped, hand)
	if err != nil {
		return EmergencyStop{}, err
	}
	stopped.Hands = []StopHand{hand}
	return stopped, s.seal(ctx, pending)
}

func (s *Service) stoppable(kind, target string) bool {
	directory, known := s.Catalog(), false
	switch kind {
	case "department":
		_, known = directory.Department(target)
	case "system":
		_, known = directory.System(target)
	case "item":
		_, known = directory.Item(target)
	default:
		_, known = directory.Source(target)
	}
	return known
}

// Reopen proposes to end a stop or, by another person than who proposed, ends it.
func (s *Service) Reopen(ctx context.Context, p Person, id, reason string) (EmergencyStop, error) {
	if !p.has(bureauRole) && !p.has(approverRole) {
		return EmergencyStop{}, gateway.Fail(gateway.Forbidden, "role-missing", "Only the bureau reopens, with a second person.")
	}
	if reason == "" {
		return EmergencyStop{}, reasonMissing()
	}
	stopped, pending, err := s.Stops.Reopen(ctx, id, func(found EmergencyStop) (StopHand, error) {
		hand := StopHand{Event: ReopenProposed, By: p, Reason: reason, At: s.Now()}
		proposed := found.proposal()
		switch {
		case !found.Open():
			return StopHand{}, gateway.Fail(gateway.Conflict, "stop-closed", "It was reopened already.")
		case proposed.Event == "":
			return hand, nil
		case proposed.By.Same(p):
			return StopHand{}, gateway.Fail(gateway.Forbidden, "same-person", "Who proposed the reopening does not confirm it; another person has to.")
		}
		hand.Event = Reopened
		return hand, nil
	})
	if err != nil {
		return EmergencyStop{}, err
	}
	return stopped, s.seal(ctx, pending)
}

const approverRole = "approver"
