package exchange

import (
	"context"
	"net/http"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// Officer is a member of staff who is signed in and works at Kapok's own desk: there is
// no system of theirs that could sign. The edge has proven who they are.
type Officer struct {
	Ref        string // the identity provider's name for them
	Department string // of the catalogue's list of staff in force
}

// deskDoor is how entries name the desk among the doors; a signed call names none.
const deskDoor = "desk"

// AtDesk walks the path for an officer. Their department's desk stands in the catalogue
// as a system without a key, and has grants of its own; from there on it is a use as any
// other. The body names no officer: it is the one who is signed in.
func (s *Service) AtDesk(ctx context.Context, officer Officer, call Call) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	return s.walk(ctx, u, func(_ context.Context, u *use) error {
		if err := admitOfficer(u, officer); err != nil {
			return err
		}
		var err error
		u.ask, u.subject, err = parseAskAt(u.call.Body, officer.Ref)
		return err
	})
}

// ScanAtDesk uses up the code that a person shows to an officer.
func (s *Service) ScanAtDesk(ctx context.Context, officer Officer, call Call) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	return s.scanned(ctx, u, func(_ context.Context, u *use) (Scan, error) {
		if err := admitOfficer(u, officer); err != nil {
			return Scan{}, err
		}
		return parseScanAt(u.call.Body, officer.Ref)
	})
}

// admitOfficer is the desk's admission. What headers a browser sends mean nothing on the
// path; each call is one of its own, so its reference serves as its nonce.
func admitOfficer(u *use, officer Officer) error {
	desk, known := u.live.Catalog.Desk(officer.Department)
	if !known {
		return gateway.Fail(gateway.Forbidden, "desk-missing", "The catalogue gives the department of the person who is signed in no desk.")
	}
	u.call.Header = http.Header{}
	u.caller = Caller{System: desk.ID, Department: desk.Department, Nonce: u.ref, Created: u.started, Door: deskDoor}
	return nil
}

// door names the door in entries of whoever signed nothing.
func (u *use) door() []ledger.Field {
	if u.caller.Door == "" {
		return nil
	}
	return append([]ledger.Field{{Name: "door", Value: u.caller.Door}}, u.from.fields()...)
}

// Desk is what an officer may use at their department's desk.
type Desk struct {
	System *catalog.System
	Grants []*policies.Grant // in force, by item
}

// DeskOf finds what an officer's department may use at its desk, as this node knows the
// catalogue and the grants that the workflow issued.
func (s *Service) DeskOf(officer Officer) (Desk, error) {
	live := s.live.Load()
	system, known := live.Catalog.Desk(officer.Department)
	if !known {
		return Desk{}, gateway.Fail(gateway.Forbidden, "desk-missing", "The catalogue gives the department of the person who is signed in no desk.")
	}
	return Desk{System: system, Grants: s.grantsOf(live, system.ID)}, nil
}
