package cases

import (
	"context"
	"slices"
	"strings"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Store keeps cases. What each call changes is one transaction with its pending entry.
type Store interface {
	CaseFile(ctx context.Context, key Key) (Case, error) // nothing known: no materials
	KeepCase(ctx context.Context, c Case, entry ledger.Entry) (pending string, err error)
	// KeepDemand keeps a demand once, whatever comes twice; pending is "" then.
	KeepDemand(ctx context.Context, d Demand, subjectRef string, entry ledger.Entry) (pending string, err error)
	// Released finds the entry of an exchange that released something; nil: there is none.
	Released(ctx context.Context, exchange string) (*ledger.Entry, error)
	RefusedDemands(ctx context.Context, before Place, limit int) ([]Demand, error)
	CaseCounts(ctx context.Context, p Period) ([]Count, error)
}

// Place is where a page of demands ended: the time and id of its last one.
type Place struct {
	At time.Time
	ID string
}

// Log seals what was committed.
type Log interface {
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	Catalog func() *catalog.Catalog
	Store   Store
	Log     Log
	Now     func() time.Time
}

// Service keeps cases.
type Service struct{ Config }

// New builds the service.
func New(c Config) *Service { return &Service{c} }

// Actor is who handles a case: an officer at the desk, or a department's system with the
// officer that it names.
type Actor struct {
	Officer    string
	System     string // "": at the desk
	Department string
}

// Answer says how one material was met at 受理; one of its three parts is given.
type Answer struct {
	Code     string
	Exchange string // that released the licence or data item in this case
	Paper    bool
	Waived   bool
}

// One is a case of the actor's department. A case of which nothing was told yet has its
// matter's materials, all open.
func (s *Service) One(ctx context.Context, by Actor, matter, number string) (Case, error) {
	found, known := s.Catalog().ServiceItem(matter)
	if !known || found.Department != by.Department {
		return Case{}, invalid(gateway.Invalid, "/service_item", "field-invalid", "service_item is a matter that the caller's department handles.")
	}
	if number == "" || len(number) > 64 {
		return Case{}, invalid(gateway.Invalid, "/case_no", "field-invalid", "case_no is required, at most 64 bytes.")
	}
	c, err := s.Store.CaseFile(ctx, Key{by.Department, matter, number})
	if err == nil && len(c.Materials) == 0 {
		c.Materials = listed(found)
	}
	return c, err
}

// Accept records how materials were met at 受理. An exchange is believed only where the
// ledger holds its release, in this very case, of an item that the catalogue lets stand
// for the material. To put paper in the place of what was met is to ask for it again.
func (s *Service) Accept(ctx context.Context, by Actor, matter, number string, answers []Answer) (Case, error) {
	c, err := s.One(ctx, by, matter, number)
	if err != nil {
		return c, err
	}
	for at, answer := range answers {
		m, known := c.material(answer.Code)
		if !known {
			return c, invalid(gateway.Invalid, pointer("/materials", at, "code"), "material-unknown", "The matter has no such material.")
		}
		if m.Met == ByData && answer.Exchange == "" {
			return c, s.askedAgain(ctx, by, c, answer.Code, "受理", number+"/"+answer.Code+"/acceptance")
		}
		if err := s.answer(ctx, &c, m, answer, at); err != nil {
			return c, err
		}
	}
	if c.Accepted.IsZero() {
		c.Accepted = s.Now().UTC().Truncate(time.Millisecond)
	}
	return c, s.keep(ctx, c, s.entry("case-accepted", by, c, ledger.Field{Name: "materials", Value: written(c.Materials)}))
}

func (s *Service) answer(ctx context.Context, c *Case, m *Material, answer Answer, at int) error {
	given := 0
	for _, part := range []struct {
		given bool
		met   Met
	}{{answer.Paper, Paper}, {answer.Waived, Waived}, {answer.Exchange != "", ByData}} {
		if part.given {
			given++
			m.Met = part.met
		}
	}
	if given != 1 {
		return invalid(gateway.Invalid, pointer("/materials", at, ""), "field-invalid", "A material is met by an exchange, by paper, or waived: one of the three.")
	}
	m.At = s.Now().UTC().Truncate(time.Millisecond)
	if m.Met != ByData {
		return nil
	}
	return s.prove(ctx, c, m, answer.Exchange, pointer("/materials", at, "met_by"))
}

// prove believes that an exchange met a material.
func (s *Service) prove(ctx context.Context, c *Case, m *Material, exchange, field string) error {
	entry, err := s.Store.Released(ctx, exchange)
	if err != nil {
		return err
	}
	if entry == nil || entry.Value("department") != c.Department || entry.Value("service-item") != c.ServiceItem || entry.Value("case") != c.Number {
		return invalid(gateway.Invalid, field, "exchange-not-of-case", "The ledger holds no release of this number in this case.")
	}
	item, _, _ := strings.Cut(entry.Value("item"), "@")
	if !s.standsFor(c, m.Code, item) {
		return invalid(gateway.Invalid, field, "item-not-for-material", "The catalogue does not let this licence or data item stand for this material.")
	}
	m.Item, m.Exchange, m.Licence = item, exchange, s.isLicence(item)
	if c.SubjectRef == "" {
		c.SubjectRef = entry.Value(ledger.SubjectField)
	}
	return nil
}

func (s *Service) standsFor(c *Case, material, item string) bool {
	matter, _ := s.Catalog().ServiceItem(c.ServiceItem) // One found it
	for at, m := range matter.Materials {
		if CodeOf(matter, at) == material {
			return slices.Contains(m.ReplacedBy, item)
		}
	}
	return false
}

func (s *Service) isLicence(item string) bool {
	for kind := range s.Catalog().LicenceTypes() {
		if kind.Item == item {
			return true
		}
	}
	return false
}

func (s *Service) keep(ctx context.Context, c Case, entry ledger.Entry) error {
	pending, err := s.Store.KeepCase(ctx, c, entry)
	if err != nil {
		return err
	}
	_, err = s.Log.Drain(ctx, pending)
	return err
}

// entry is what the ledger keeps of a step in a case; it names no person.
func (s *Service) entry(kind ledger.Kind, by Actor, c Case, more ...ledger.Field) ledger.Entry {
	return ledger.Entry{Kind: kind, Ref: gateway.NewRef(), At: s.Now(), Fields: append([]ledger.Field{
		{Name: "department", Value: by.Department},
		{Name: "system", Value: by.System},
		{Name: "officer", Value: by.Officer},
		{Name: "service-item", Value: c.ServiceItem},
		{Name: "case", Value: c.Number},
	}, more...)}
}

func written(materials []Material) string {
	texts := make([]string, len(materials))
	for i, m := range materials {
		texts[i] = m.Code + "=" + string(m.Met)
		if m.Met == ByData {
			texts[i] += ":" + m.Item + ":" + m.Exchange
		}
	}
	return strings.Join(texts, ",")
}

func invalid(kind gateway.Kind, field, code, says string) *gateway.Error {
	failure := gateway.Fail(kind, code, says)
	failure.Field = field
	return failure
}
