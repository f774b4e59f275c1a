package exchange

import (
	"context"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// decide asks the policies, which know neither time nor store but what they are
// told: a pure function of the set, the request, the grant, the basis and now.
func (s *Service) decide(ctx context.Context, u *use) error {
	input := s.input(u)
	var err error
	if u.grant, err = s.grantFor(ctx, u, input); err != nil {
		return err
	}
	input.Grant = u.grant
	u.input, u.decision = &input, u.live.Policies.Decide(input)
	if u.decision.Allowed {
		return nil
	}
	return refused(u.decision)
}

func (s *Service) input(u *use) policies.Input {
	in := policies.Input{
		Now:     s.now(),
		System:  u.live.known.systems[u.caller.System],
		Item:    u.live.known.items[u.item.Code],
		Subject: u.resolved.SubjectRef,
		Network: u.call.Remote,
		Ask: policies.Ask{
			Fields: u.ask.Fields, Operation: u.ask.Operation, ServiceItem: u.ask.ServiceItem,
			Purpose: u.ask.Purpose, CaseNo: u.ask.CaseNo,
		},
		Template: u.live.known.templates[matterKey{u.ask.ServiceItem, u.item.Code}],
	}
	if u.resolved.Found {
		in.Basis = asBasis(u.resolved.Basis, u.resolved.State)
	}
	return in
}

// refused words a refusal for the caller: the reason, and what would make it allowed.
func refused(d policies.Decision) *gateway.Error {
	kind := gateway.Forbidden
	if d.Code == policies.FieldsExceed {
		kind = gateway.Excess
	}
	reason := d.Reasons[0]
	failure := gateway.Fail(kind, d.Code, reason.Zh+" "+reason.En)
	failure.Fields = d.Excess
	if d.Remedy.Zh != "" {
		failure.Remedy = d.Remedy.Zh + " " + d.Remedy.En
	}
	for _, step := range d.Remedy.Steps {
		failure.Steps = append(failure.Steps, gateway.Step{Do: string(step.Do), Fields: step.Fields})
	}
	return failure
}

func asBasis(b basis.Basis, state basis.State) *policies.Basis {
	return &policies.Basis{
		ID: b.ID, Kind: string(b.Kind), State: string(state), Subject: b.SubjectRef,
		Department: b.Department, System: b.System, Item: b.Item, ItemVersion: b.ItemVersion,
		Fields: b.Fields, Operations: b.Operations, ServiceItem: b.ServiceItem, Purpose: b.Purpose,
		CaseNo: b.CaseNo, LegalProvision: b.Provision(), From: b.From, Expires: b.Expires,
	}
}

// known is the catalogue in the words of the policies, made once.
type known struct {
	systems map[string]policies.System
	items   map[string]policies.Item
	grants  map[grantKey][]*policies.Grant
	written written

	templates map[matterKey]*policies.Template // what a matter may use of an item at most

	parts      map[string]ledger.Part // of notes: systems by id, items by code; the two have no form in common
	grantParts map[*policies.Grant]ledger.Part
}

type grantKey struct{ system, item string }

type matterKey struct{ matter, item string }

// bounds takes over what the matters may use of items.
func (k *known) bounds(c *catalog.Catalog) {
	k.templates = map[matterKey]*policies.Template{}
	for matter := range c.ServiceItems() {
		for _, need := range matter.Needs {
			k.templates[matterKey{matter.Code, need.Item}] = &policies.Template{
				ID: matter.Code, Version: k.items[need.Item].Version, Fields: need.Fields,
			}
		}
	}
}

func inPolicyWords(c *catalog.Catalog) (known, error) {
	k := known{
		systems: map[string]policies.System{}, items: map[string]policies.Item{},
		grants: map[grantKey][]*policies.Grant{},
	}
	for system := range c.Systems() {
		department, _ := c.Department(system.Department) // the loader checked the reference
		k.systems[system.ID] = policies.System{
			ID: system.ID, Department: department.ID, Level: string(department.Level), Division: department.Division,
		}
	}
	for item := range c.Items() {
		k.items[item.Code] = asItem(item)
	}
	for grant := range c.AllGrants() {
		key := grantKey{grant.System, grant.Item}
		k.grants[key] = append(k.grants[key], asGrant(grant))
	}
	k.bounds(c)
	var err error
	if k.written, err = write(k); err != nil {
		return k, err
	}
	return k, k.shared()
}

func asItem(item *catalog.Item) policies.Item {
	out := policies.Item{
		Code: item.Code, Version: item.Version, Provider: item.Provider,
		SharedType: string(item.SharedType), ReturnList: item.ReturnList,
	}
	for _, field := range item.Fields {
		out.Fields = append(out.Fields, policies.Field{Name: field.Name, Label: field.Label, Sensitive: field.Sensitive})
	}
	return out
}

func asGrant(g *catalog.Grant) *policies.Grant {
	return &policies.Grant{
		ID: g.ID, Department: g.Department, System: g.System, Item: g.Item, ItemVersion: g.ItemVersion,
		Fields: g.Fields, Operations: g.Operations, ServiceItems: g.ServiceItems, Purposes: g.Purposes,
		From: g.From, Expires: g.Expires, LegalProvision: g.LegalProvision, RatePerSecond: g.RatePerSecond,
	}
}
