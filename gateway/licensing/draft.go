package licensing

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/licence"
)

// Draft is what a department would issue.
type Draft struct {
	Kind        string // 证照类型代码
	Holder      gateway.Identity
	HolderName  string
	Number      string            // 证照编号, given by the department
	Fields      map[string]string // by the names of the item's fields
	ServiceItem string
	CaseNo      string
	DecidedAt   time.Time // when the case was decided, for 签发及时率; zero: not told
	Effective   string    // 2006-01-02; "": today
	Expires     string    // 2006-01-02 or 长期; "": by the type's life
}

// terms are a draft as the catalogue has it.
type terms struct {
	kind   *catalog.LicenceType
	issuer catalog.LicenceIssuer
	item   *catalog.Item
	office *catalog.Department
}

// terms finds what the catalogue says and refuses whoever does not stand on the list
// of those who issue this type (发证清单).
func (s *Service) terms(by Officer, kind string) (terms, error) {
	c := s.Catalog()
	found, known := c.LicenceType(kind)
	if !known {
		return terms{}, wrong(gateway.NotFound, "/type", "licence-type-unknown", "The catalogue holds no such licence type.")
	}
	at := slices.IndexFunc(found.Issuers, func(i catalog.LicenceIssuer) bool { return i.Department == by.Department })
	if at < 0 {
		return terms{}, wrong(gateway.Forbidden, "/type", "issuer-not-listed", "The department does not stand on the list of those who issue this type (发证清单).")
	}
	item, _ := c.Item(found.Item)            // the loader checked the reference
	office, _ := c.Department(by.Department) // the same
	return terms{kind: found, issuer: found.Issuers[at], item: item, office: office}, nil
}

var numberForm = regexp.MustCompile(`^[0-9A-Za-z\p{Han}()()〔〕\[\]_-]{1,64}$`)

// check names the first rule that a draft breaks.
func (t terms) check(d Draft) error {
	for _, rule := range []struct {
		field, says string
		holds       bool
	}{
		{"/holder/id_type", "this type is not issued to holders of this kind", slices.Contains(t.kind.Holders, d.Holder.Type)},
		{"/holder/name", "the holder's name is given, at most 200 bytes", d.HolderName != "" && len(d.HolderName) <= 200},
		{"/number", "number is the licence's number (证照编号), 1 to 64 letters, digits, Han characters, brackets, - _", numberForm.MatchString(d.Number)},
		{"/service_item", "service_item is one whose approval issues this type (发证清单)", slices.Contains(t.issuer.ServiceItems, d.ServiceItem)},
		{"/case_no", "case_no is required", d.CaseNo != "" && len(d.CaseNo) <= 64},
		{"/effective", "effective is a date", d.Effective == "" || isDate(d.Effective)},
		{"/expires", "expires is a date or 长期", d.Expires == "" || d.Expires == licence.LongTerm || isDate(d.Expires)},
	} {
		if !rule.holds {
			return wrong(gateway.Invalid, rule.field, "field-invalid", rule.says+".")
		}
	}
	return t.checkFields(d.Fields)
}

// checkFields holds what the type adds against the item's fields. Fields that are
// elements of every licence are not given twice.
func (t terms) checkFields(fields map[string]string) error {
	for name, value := range fields {
		field, known := t.item.Field(name)
		if !known || elementOf(field.SourceName) != "" {
			return wrong(gateway.Invalid, "/fields", "field-invalid", "fields holds only what this type adds, by the names of its item's fields.")
		}
		if !field.Accepts(value) || len(value) > 1024 {
			return wrong(gateway.Invalid, "/fields/"+name, "field-invalid", "The value is not one that this field can have.")
		}
	}
	for _, field := range t.item.Fields {
		if field.Required && elementOf(field.SourceName) == "" && fields[field.Name] == "" {
			return wrong(gateway.Invalid, "/fields/"+field.Name, "field-missing", "This field is required.")
		}
	}
	return nil
}

// elementOf is the element of every licence that a source name stands for; "" where it
// is the type's own.
func elementOf(sourceName string) licence.Element {
	if strings.HasPrefix(sourceName, "certificate") {
		return licence.Element(sourceName)
	}
	return ""
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func wrong(kind gateway.Kind, field, code, says string) error {
	failure := gateway.Fail(kind, code, says)
	failure.Field = field
	return failure
}

// metadata writes the draft as the metadata of version 1.
func (t terms) metadata(d Draft, id string, now time.Time) (licence.Metadata, error) {
	today := now.In(licence.Beijing())
	m := licence.Metadata{Extended: map[string]string{}, Elements: map[licence.Element]string{
		licence.Name: t.kind.Name, licence.TypeName: t.kind.Name, licence.TypeCode: t.kind.Code,
		licence.Number: d.Number, licence.IssuerName: t.office.Name, licence.IssuerCode: t.office.USCC,
		licence.IssuedOn: today.Format(time.DateOnly), licence.EffectiveOn: orElse(d.Effective, today.Format(time.DateOnly)),
		licence.ExpiresOn:  orElse(d.Expires, t.end(today)),
		licence.HolderName: d.HolderName, licence.HolderCode: d.Holder.Number(), licence.HolderType: string(d.Holder.Type),
		licence.HolderTypeName: licence.HolderTypeLabel(d.Holder.Type), licence.Area: t.office.Division,
	}}
	for name, value := range d.Fields {
		field, _ := t.item.Field(name) // checkFields found it
		m.Extended[field.SourceName] = value
	}
	return t.numbered(m, id, 1)
}

// numbered gives a version its identifier. The serial number is the licence's own
// random id in capitals: it is unique and tells nothing of the number.
func (t terms) numbered(m licence.Metadata, id string, version int) (licence.Metadata, error) {
	identifier, err := licence.NewIdentifier(t.kind.Code, t.office.USCC, strings.ToUpper(id), version)
	if err != nil {
		return m, fmt.Errorf("licensing: the catalogue's codes make no identifier: %w", err)
	}
	return m.With(map[licence.Element]string{licence.IdentifierText: identifier.String()}), nil
}

func (t terms) end(from time.Time) string {
	if t.kind.LifeDays == 0 {
		return licence.LongTerm
	}
	return from.AddDate(0, 0, t.kind.LifeDays-1).Format(time.DateOnly)
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
