package grants

import (
	"time"

	"kapok/gateway"
	"kapok/policies"
)

// Grant is a right that came of an application.
type Grant struct {
	policies.Grant
	Provider string
	Matter   string // the application
	State    GrantState
	IssuedAt time.Time
}

// GrantState is where a grant stands.
type GrantState string

// GrantEvent is what befalls a grant.
type GrantEvent string

// States and events of a grant. A grant that has ended never comes back.
const (
	InForce    GrantState = "ACTIVE"
	Suspended  GrantState = "SUSPENDED"
	Revoked    GrantState = "REVOKED"
	Superseded GrantState = "SUPERSEDED" // by a narrower one, or by its renewal

	Issue     GrantEvent = "issued"
	Suspend   GrantEvent = "suspended"
	Resume    GrantEvent = "resumed"
	Revoke    GrantEvent = "revoked"
	Supersede GrantEvent = "superseded"
)

var grantSteps = map[GrantState]map[GrantEvent]GrantState{
	"":        {Issue: InForce},
	InForce:   {Suspend: Suspended, Revoke: Revoked, Supersede: Superseded},
	Suspended: {Resume: InForce, Revoke: Revoked, Supersede: Superseded},
}

// After is the state that an event leads to; a Conflict, grant-state, where it cannot be.
func (s GrantState) After(event GrantEvent) (GrantState, error) {
	next, possible := grantSteps[s][event]
	if !possible {
		return s, gateway.Fail(gateway.Conflict, "grant-state", "The grant is in a state in which this cannot be done.")
	}
	return next, nil
}

// GrantAct is what somebody does to a grant.
type GrantAct struct {
	Grant      string
	Event      GrantEvent
	By         Person
	ReasonCode string
	Reason     string
	At         time.Time
}

// mayAct: the provider and the bureau hold a grant up and end it.
func (g Grant) mayAct(p Person) bool {
	return g.Provider == p.Department && p.has(providerRole) || p.has(bureauRole)
}

// Shows reports whether a person may read the grant.
func (g Grant) Shows(p Person) bool {
	return g.mayAct(p) || g.Department == p.Department && p.has(consumerRole) || p.has(auditorRole)
}

// grantOf makes the right that terms describe.
func grantOf(id string, m Matter, t Terms, from time.Time) Grant {
	return Grant{
		Grant: policies.Grant{
			ID: id, Department: m.Applicant, System: t.System, Item: t.Item, ItemVersion: t.ItemVersion,
			Fields: t.Fields, Operations: t.Operations, ServiceItems: t.ServiceItems, Purposes: t.Purposes,
			From: from, Expires: t.Expires, LegalProvision: t.LegalProvision,
			Hours: t.Hours, Networks: t.Networks, RatePerSecond: t.RatePerSecond, DailyQuota: t.DailyQuota,
		},
		Provider: m.Provider, Matter: m.ID, State: InForce, IssuedAt: from,
	}
}
