package licensing

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/licence"
)

// Register makes a licence without sealing it (制证). With sign it is sealed and issued
// in the same step (签发).
func (s *Service) Register(ctx context.Context, by Officer, d Draft, sign bool) (Licence, error) {
	events := []licence.Event{licence.EventRegistered}
	if sign {
		events = append(events, licence.EventIssued)
	}
	change, made, err := s.drafted(ctx, by, d, "", events)
	if err != nil {
		return Licence{}, err
	}
	return made, s.apply(ctx, change)
}

// drafted prepares the change that makes a licence. subject is the holder's reference; "":
// it is looked up.
func (s *Service) drafted(ctx context.Context, by Officer, d Draft, subject string, events []licence.Event) (Change, Licence, error) {
	t, err := s.terms(by, d.Kind)
	if err != nil {
		return Change{}, Licence{}, err
	}
	if err := t.check(d); err != nil {
		return Change{}, Licence{}, err
	}
	now, id := s.Now(), gateway.NewRef()
	m, err := t.metadata(d, id, now)
	if err != nil {
		return Change{}, Licence{}, err
	}
	if subject == "" {
		if subject, err = s.Subjects.SubjectRef(ctx, d.Holder); err != nil {
			return Change{}, Licence{}, err
		}
	}
	made := Licence{Metadata: m, Record: Record{
		ID: id, SubjectRef: subject, Kind: d.Kind, Issuer: by.Department, Version: 1,
		ServiceItem: d.ServiceItem, CaseNo: d.CaseNo, DecidedAt: d.DecidedAt,
	}}
	change, err := s.step(ctx, t, by, &made, events)
	change.Lookups = s.lookups(t, m)
	return change, made, err
}

// lookups are by what a licence is found.
func (s *Service) lookups(t terms, m licence.Metadata) [][]byte {
	return [][]byte{
		s.word("licence-number", t.kind.Code+"/"+t.office.ID+"/"+m.Value(licence.Number)),
		s.word("licence", m.Value(licence.IdentifierText)),
	}
}

func (s *Service) word(space, text string) []byte {
	mac := s.Words(space, text)[0].MAC
	return mac[:]
}

// step takes a licence through events: it checks them against the table, seals a file
// where the last one asks for it, and words the entry.
func (s *Service) step(ctx context.Context, t terms, by Officer, l *Licence, events []licence.Event) (Change, error) {
	now := s.Now().UTC().Truncate(time.Millisecond)
	change := Change{Item: t.kind.Item, Previous: l.Seq, Actor: by.Ref}
	for _, event := range events {
		next, err := l.State.After(event)
		if err != nil {
			return Change{}, err
		}
		l.State = next
		l.Seq++
		change.Steps = append(change.Steps, Step{event, next})
	}
	last := events[len(events)-1]
	l.ChangedAt = now
	if l.State == licence.Issued && l.IssuedAt.IsZero() {
		l.IssuedAt = now
	}
	sealed, err := s.seal(ctx, l.SubjectRef, l.ID, l.Metadata)
	if err != nil {
		return Change{}, err
	}
	l.Sealed = sealed
	if last == licence.EventIssued || last.Versions() {
		if change.File, err = s.sealedFile(ctx, t, l, now); err != nil {
			return Change{}, err
		}
	}
	change.Record, change.Entry = l.Record, entry(t, by, l.Record, last)
	return change, nil
}

// sealedFile draws the page, puts the department's seal on it and encrypts the whole.
func (s *Service) sealedFile(ctx context.Context, t terms, l *Licence, now time.Time) ([]byte, error) {
	if err := l.Metadata.Check(); err != nil {
		return nil, err
	}
	document, err := draw(t.item, l.Metadata, now)
	if err != nil {
		return nil, err
	}
	seal, err := s.sealNamed(ctx, t.issuer.Seal, t.office.Name)
	if err != nil {
		return nil, err
	}
	file, err := seal.put(ctx, document, stampPlace, now)
	if err != nil {
		return nil, err
	}
	return s.encrypt(ctx, l.SubjectRef, file)
}

// Sign seals and issues a registered licence (签发).
func (s *Service) Sign(ctx context.Context, by Officer, id string) (Licence, error) {
	return s.change(ctx, by, id, licence.EventIssued, nil)
}

// Amendment is what a new version changes.
type Amendment struct {
	Fields         map[string]string // what the type adds, by the item's field names
	HolderName     string
	Expires        string
	InspectedUntil string
}

// Change puts a new version in the place of the one in force: 变更 (fields, the name),
// 延续 (expires), 年检 (inspected until). The former version is refused from then on.
func (s *Service) Change(ctx context.Context, by Officer, id string, event licence.Event, a Amendment) (Licence, error) {
	if !event.Versions() {
		return Licence{}, wrong(gateway.Invalid, "/event", "field-invalid", "event is changed, renewed or inspected.")
	}
	return s.change(ctx, by, id, event, func(t terms, l *Licence) error { return amend(t, l, event, a) })
}

func amend(t terms, l *Licence, event licence.Event, a Amendment) error {
	if err := a.fits(t, event); err != nil {
		return err
	}
	changes := map[licence.Element]string{}
	for element, value := range map[licence.Element]string{licence.HolderName: a.HolderName, licence.ExpiresOn: a.Expires, licence.InspectedUntil: a.InspectedUntil} {
		if value != "" {
			changes[element] = value
		}
	}
	l.Metadata = l.Metadata.With(changes)
	for name, value := range a.Fields {
		field, known := t.item.Field(name)
		if !known || elementOf(field.SourceName) != "" || !field.Accepts(value) {
			return wrong(gateway.Invalid, "/fields/"+name, "field-invalid", "The value is not one that this field can have.")
		}
		l.Metadata.Extended[field.SourceName] = value
	}
	return nil
}

// fits: each kind of amendment says what it is for.
func (a Amendment) fits(t terms, event licence.Event) error {
	for _, rule := range []struct {
		field, says string
		holds       bool
	}{
		{"/expires", "expires is a date or 长期, and a renewal's alone", (a.Expires != "") == (event == licence.EventRenewed) && (a.Expires == "" || a.Expires == licence.LongTerm || isDate(a.Expires))},
		{"/inspected_until", "inspected_until is a date, and an inspection's alone, of a type that is inspected", (a.InspectedUntil != "") == (event == licence.EventInspected) && (a.InspectedUntil == "" || isDate(a.InspectedUntil) && t.kind.Inspected)},
		{"/fields", "a change names fields or the holder's name", event != licence.EventChanged || len(a.Fields) > 0 || a.HolderName != ""},
	} {
		if !rule.holds {
			return wrong(gateway.Invalid, rule.field, "field-invalid", rule.says+".")
		}
	}
	return nil
}

// Abolish ends a licence (废止): when it returns, its next use is refused on every node.
// Abolishing twice answers the same, without a second entry.
func (s *Service) Abolish(ctx context.Context, by Officer, id, reason string) (Licence, error) {
	l, err := s.Issued(ctx, by, id)
	if err != nil || l.State == licence.Abolished {
		return l, err
	}
	t, err := s.terms(by, l.Kind)
	if err != nil {
		return Licence{}, err
	}
	change, err := s.step(ctx, t, by, &l, []licence.Event{licence.EventAbolished})
	if err != nil {
		return Licence{}, err
	}
	change.Ends = ledger.Stop{Kind: StopKind, ID: l.StopID()}
	change.Entry.Fields = append(change.Entry.Fields, ledger.Field{Name: "reason", Value: reason})
	return l, s.apply(ctx, change)
}

// change takes a licence of the officer's department through one event. A new version
// ends the former one everywhere.
func (s *Service) change(ctx context.Context, by Officer, id string, event licence.Event, edit func(terms, *Licence) error) (Licence, error) {
	l, err := s.Issued(ctx, by, id)
	if err != nil {
		return Licence{}, err
	}
	t, err := s.terms(by, l.Kind)
	if err != nil {
		return Licence{}, err
	}
	ends, lookups := ledger.Stop{}, [][]byte(nil)
	if edit != nil {
		ends = ledger.Stop{Kind: StopKind, ID: l.StopID()}
		if err := edit(t, &l); err != nil {
			return Licence{}, err
		}
		l.Version++
		if l.Metadata, err = t.numbered(l.Metadata, l.ID, l.Version); err != nil {
			return Licence{}, err
		}
		lookups = [][]byte{s.word("licence", l.Metadata.Value(licence.IdentifierText))}
	}
	change, err := s.step(ctx, t, by, &l, []licence.Event{event})
	if err != nil {
		return Licence{}, err
	}
	change.Ends, change.Lookups = ends, lookups
	return l, s.apply(ctx, change)
}

// entry is what the ledger keeps of a change, without a value of the licence.
func entry(t terms, by Officer, r Record, event licence.Event) ledger.Entry {
	return ledger.Entry{Kind: ledger.Kind("licence-" + string(event)), Ref: r.ID, At: r.ChangedAt, Fields: []ledger.Field{
		{Name: "licence", Value: r.StopID()},
		{Name: "licence-type", Value: r.Kind},
		{Name: "item", Value: t.item.Code + "@" + strconv.Itoa(t.item.Version)},
		{Name: "department", Value: by.Department},
		{Name: "provider", Value: r.Issuer},
		{Name: "service-item", Value: r.ServiceItem},
		{Name: "case", Value: r.CaseNo},
		{Name: "state", Value: string(r.State)},
		{Name: "actor", Value: by.Ref},
		{Name: "content", Value: hexSum(r.Sealed)},
	}}
}

func hexSum(data []byte) string {
	sum := sm.Sum(data)
	return hex.EncodeToString(sum[:])
}
