package exchange

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// Facade is a system that proved itself by the secrets of another protocol of e-licences,
// which Kapok answers so that the system changes an address and nothing else.
type Facade struct {
	Door       string // how entries name the protocol
	System     string
	Operations []gateway.Operation // what the catalogue lets it do this way
}

// FacadeAsk is what such a protocol says of one use. It knows neither fields nor purposes
// nor access bases.
type FacadeAsk struct {
	Item        string
	Operation   gateway.Operation
	Subject     gateway.Identity  // the zero one: whom the basis is about
	BasisID     string            // that a scan gave; "": it is looked for
	Expected    map[string]string // VERIFY, by field; nil: whether the subject holds it, no more
	ServiceItem string
	CaseNo      string
	OfficerRef  string
}

// Bases lists what people and the law allow: a person's bases, or with subjectRef "" those
// that are about anybody, newest first.
type Bases interface {
	BasesOf(ctx context.Context, subjectRef, after string, limit int) (page []basis.Held, next string, err error)
}

// AtFacade walks the path for a system that came by another protocol. What the protocol
// cannot say is taken from the access basis in force for that system, item and matter: the
// person's own before one by law. Where there is none the policies refuse, as they would
// refuse anybody. The secret of such a protocol vouches for no single call: each entry, the
// answer and the person's own record name the door.
func (s *Service) AtFacade(ctx context.Context, by Facade, ask FacadeAsk, call Call) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	return s.walk(ctx, u, func(ctx context.Context, u *use) error {
		u.call.Header = http.Header{}
		u.caller = s.facadeCaller(u, by)
		u.ask = Ask{BasisID: ask.BasisID, Expected: ask.Expected, Item: ask.Item, Operation: ask.Operation, ServiceItem: ask.ServiceItem, CaseNo: ask.CaseNo, OfficerRef: ask.OfficerRef}
		u.subject = ask.Subject
		if !slices.Contains(by.Operations, ask.Operation) {
			return gateway.Fail(gateway.Forbidden, "facade-operation", "The catalogue does not let this system do this by this protocol; sign the request, or have the catalogue allow it.")
		}
		return s.complete(ctx, u)
	})
}

// ScanAtFacade uses up the code that a person shows, for a system that came by another
// protocol. Where the declaration names no purpose, it is the one that was granted for the
// matter.
func (s *Service) ScanAtFacade(ctx context.Context, by Facade, scan Scan, call Call) ([]ScannedBasis, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	release, err := s.scanned(ctx, u, func(_ context.Context, u *use) (Scan, error) {
		u.call.Header = http.Header{}
		u.caller = s.facadeCaller(u, by)
		for _, grant := range s.grantsOf(u.live, by.System) {
			if scan.Purpose == "" && slices.Contains(grant.ServiceItems, scan.ServiceItem) {
				scan.Purpose = grant.Purposes[0]
			}
		}
		declared, err := json.Marshal(scan)
		if err != nil {
			return Scan{}, err
		}
		return parseScanAt(declared, "")
	})
	if err != nil {
		return nil, err
	}
	var given bases
	err = json.Unmarshal(release.Body, &given)
	return given.Bases, err
}

func (s *Service) facadeCaller(u *use, by Facade) Caller {
	return Caller{System: by.System, Department: u.live.departmentOf(by.System), Nonce: u.ref, Created: u.started, Door: by.Door}
}

// complete finds the access basis, and with it what the protocol left unsaid. What is in
// force is decided later, on the path; here it is only looked for.
func (s *Service) complete(ctx context.Context, u *use) error {
	item, known := u.live.Catalog.Item(u.ask.Item)
	if !known {
		return fieldNotFound("/item", "item-unknown", "The catalogue holds no such data item.")
	}
	resolved, err := s.resolver.Resolve(ctx, u.subject, u.ask.BasisID)
	if err == nil {
		u.resolved = resolved
		err = s.relyOn(ctx, u, item)
	}
	if err != nil {
		return gateway.Fail(gateway.Unavailable, "store-unavailable", "The person and the basis could not be looked up; try again.").Because(err)
	}
	for _, rule := range askRules {
		if !rule.holds(u.ask) {
			return invalidField(rule.field, rule.says)
		}
	}
	return nil
}

func (s *Service) relyOn(ctx context.Context, u *use, item *catalog.Item) error {
	within := fieldsOf(item)
	if grant := s.grantNearest(u, item); grant != nil {
		within, u.ask.Purpose = intersect(within, grant.Fields), grant.Purposes[0]
	}
	if template, bound := u.live.known.templates[matterKey{u.ask.ServiceItem, item.Code}]; bound {
		within = intersect(within, template.Fields)
	}
	found, err := s.basisFor(ctx, u)
	if err != nil {
		return err
	}
	if found != nil {
		u.ask.BasisID, u.ask.Purpose = found.ID, found.Purpose
		within = intersect(within, found.Fields)
	}
	if u.ask.Purpose == "" { // nothing was granted: whatever the purpose, the policies refuse
		u.ask.Purpose = "none"
	}
	u.ask.Fields = within
	switch u.ask.Operation {
	case gateway.Verify:
		if holder := holderField(item); len(u.ask.Expected) == 0 {
			u.ask.Expected = map[string]string{holder: u.subject.Number()}
		}
		u.ask.Fields = slices.Sorted(maps.Keys(u.ask.Expected))
	case gateway.Copy: // the values beside the copy are kept with it: those that are sensitive are not asked for
		u.ask.Fields = slices.DeleteFunc(within, func(name string) bool {
			field, _ := item.Field(name)
			return field.Sensitive
		})
	}
	return nil
}

// grantNearest is a grant of the item for the matter; nil: there is none.
func (s *Service) grantNearest(u *use, item *catalog.Item) *policies.Grant {
	for _, grant := range s.grantsOn(u.live, grantKey{u.caller.System, item.Code}) {
		if slices.Contains(grant.ServiceItems, u.ask.ServiceItem) && slices.Contains(grant.Operations, u.ask.Operation) {
			return grant
		}
	}
	return nil
}

// basisFor finds an access basis in force that a use can rely on; nil: there is none. One
// with so many uses only is taken last: it was given for an occasion, and may be used up.
func (s *Service) basisFor(ctx context.Context, u *use) (*basis.Basis, error) {
	if u.ask.BasisID != "" { // named: no other one serves
		if !u.resolved.Found {
			return nil, nil
		}
		return &u.resolved.Basis, nil
	}
	var counted *basis.Basis
	for _, about := range []string{u.resolved.SubjectRef, ""} {
		for after := ""; ; {
			page, next, err := s.bases.BasesOf(ctx, about, after, 100)
			if err != nil {
				return nil, err
			}
			for _, held := range page {
				if !u.suits(held, s.now()) {
					continue
				}
				if held.Basis.MaxUses == 0 && held.Basis.PerDay == 0 {
					return &held.Basis, nil
				}
				counted = &held.Basis
			}
			if after = next; after == "" {
				break
			}
		}
	}
	return counted, nil
}

func (u *use) suits(held basis.Held, now time.Time) bool {
	b := held.Basis
	return held.State == basis.Active && !now.Before(b.From) && now.Before(b.Expires) &&
		b.System == u.caller.System && b.Item == u.ask.Item && b.ServiceItem == u.ask.ServiceItem &&
		(b.CaseNo == "" || b.CaseNo == u.ask.CaseNo) && slices.Contains(b.Operations, u.ask.Operation)
}

// AdmitFacade records that a system proved itself by a protocol's secrets, or, with a
// cause, that somebody did not. A system that is stopped is not admitted.
func (s *Service) AdmitFacade(ctx context.Context, by Facade, trace string, cause error) error {
	if cause != nil {
		s.recordUnadmitted(ctx, trace, by.Door, cause)
		return cause
	}
	ref := gateway.NewRef()
	department := s.live.Load().departmentOf(by.System)
	sealed, err := s.ledger.Append(ctx, ledger.Append{
		Stops: []ledger.Stop{{Kind: "system", ID: by.System}, {Kind: "department", ID: department}},
		Entry: func(found ledger.Found) ledger.Entry {
			entry := ledger.Entry{Kind: tokenKind, Ref: ref, At: s.now(), Fields: []ledger.Field{
				{Name: "system", Value: by.System}, {Name: "department", Value: department}, {Name: "door", Value: by.Door}, {Name: "trace", Value: trace},
			}}
			if _, refusal := weigh(found); refusal != nil {
				entry.Kind = refusalKind
				entry.Fields = append(entry.Fields, ledger.Field{Name: fieldCode, Value: refusal.Code})
			}
			return entry
		},
	})
	if err != nil {
		return err
	}
	if _, refusal := weigh(sealed.Found); refusal != nil {
		return refusal
	}
	return nil
}

// GrantsOf finds what a system may use, as this node knows the catalogue and the grants
// that the workflow issued.
func (s *Service) GrantsOf(system string) []*policies.Grant {
	return s.grantsOf(s.live.Load(), system)
}

func (s *Service) grantsOf(live *snapshot, system string) (found []*policies.Grant) {
	for item := range live.Catalog.Items() {
		found = append(found, s.grantsOn(live, grantKey{system, item.Code})...)
	}
	return found
}

// grantsOn finds those of one item.
func (s *Service) grantsOn(live *snapshot, key grantKey) []*policies.Grant {
	now := s.now()
	return slices.DeleteFunc(slices.Concat(live.known.grants[key], (*s.issued.index.Load())[key]), func(grant *policies.Grant) bool {
		return now.Before(grant.From) || !now.Before(grant.Expires)
	})
}

func fieldsOf(item *catalog.Item) []string {
	names := make([]string, len(item.Fields))
	for i, field := range item.Fields {
		names[i] = field.Name
	}
	return names
}

func intersect(some, others []string) (both []string) {
	for _, name := range some {
		if slices.Contains(others, name) {
			both = append(both, name)
		}
	}
	return both
}

// holderField is the catalogue's name of the field that holds whose record it is; "" where
// the item has none.
func holderField(item *catalog.Item) string {
	for _, name := range identityFields {
		if _, has := item.Field(name); has {
			return name
		}
	}
	return ""
}
