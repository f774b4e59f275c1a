package publishing

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"

	"kapok/catalog"
	"kapok/catalog/spreadsheet"
	"kapok/gateway"
	"kapok/gateway/editions"
	"kapok/gateway/exchange"
)

// Draft is what somebody wants of the catalogue: all its files, or a form whose items are
// added to it or take the place of those with the same codes.
type Draft struct {
	Files map[string][]byte
	Form  *Form
}

// Form is a spreadsheet; its name's ending says of which kind.
type Form struct {
	Name    string
	Content []byte
}

// Planned is a catalogue that could be published, and what it would change.
type Planned struct {
	Catalog *catalog.Catalog
	Based   int64 // the edition compared with
	Changes []catalog.Change

	before exchange.Live
}

// Plan reads a draft and compares it with what is in force. Everything that is wrong with
// it is told at once, with places.
func (s *Service) Plan(ctx context.Context, d Draft) (Planned, error) {
	live, numbers, err := s.live(ctx)
	if err != nil {
		return Planned{}, err
	}
	files, err := s.files(live.Catalog, d)
	if err != nil {
		return Planned{}, err
	}
	after, err := catalog.LoadFiles(files, s.Values)
	if err != nil {
		return Planned{}, located(err)
	}
	changes, err := catalog.Plan(live.Catalog, after)
	if err != nil {
		return Planned{}, err
	}
	planned := Planned{Catalog: after, Based: numbers[editions.Catalogue], Changes: changes, before: live}
	live.Catalog = after
	if err := s.sound(live); err != nil {
		return planned, err
	}
	return planned, s.follows(planned.before.Catalog, after)
}

func (s *Service) files(inForce *catalog.Catalog, d Draft) (map[string][]byte, error) {
	if d.Form == nil {
		return d.Files, nil
	}
	sheets, err := spreadsheet.Open(d.Form.Name, d.Form.Content)
	if err != nil {
		return nil, located(err)
	}
	items, err := spreadsheet.Read(sheets, inForce, s.Values)
	if err != nil {
		return nil, located(err)
	}
	files, err := inForce.FilesBut(func(section, id string) bool { return section == "items" && slices.Contains(items.Codes, id) })
	if err != nil {
		return nil, err
	}
	files["form.yaml"] = items.YAML
	return files, nil
}

// maxPlaces is how many mistakes one answer lists.
const maxPlaces = 500

// located words mistakes in files for the API: their places, and the rules without what
// stands there.
func located(err error) error {
	failure := gateway.Fail(gateway.Invalid, "draft-invalid", "What was sent breaks rules of the catalogue; `places` lists where.").Because(err)
	switch known := err.(type) { //nolint:errorlint // both are returned as they are
	case catalog.Problems:
		for _, p := range known {
			failure.Places = append(failure.Places, gateway.Place{File: p.File, Row: p.Line, Column: p.Column, En: quoted.ReplaceAllString(p.Message, "…")})
		}
	case spreadsheet.Problems:
		for _, p := range known {
			failure.Places = append(failure.Places, gateway.Place{File: p.Sheet, Row: p.Row, Column: p.Column, Cell: p.Cell(), Heading: p.Heading, Zh: p.Zh, En: p.En})
		}
	default:
		if errors.Is(err, spreadsheet.ErrFormat) {
			failure.Message = "The file cannot be read as a form: an .xlsx workbook, or a .csv in UTF-8 or GB18030, within the bounds."
			return failure
		}
		return gateway.Fail(gateway.Invalid, "draft-invalid", "What was sent cannot be read as files of the catalogue.").Because(err)
	}
	failure.Places = failure.Places[:min(len(failure.Places), maxPlaces)]
	return failure
}

// quoted is what a message repeats of a file.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// mayPropose lets the bureau propose anything, and a department that provides data what
// touches its own items alone.
func (p Planned) mayPropose(by Person) error {
	if slices.Contains(by.Roles, string(catalog.Bureau)) {
		return nil
	}
	if !slices.Contains(by.Roles, string(catalog.Provider)) || by.Department == "" {
		return gateway.Fail(gateway.Forbidden, "role-missing", "The bureau proposes, and providers for their own items.")
	}
	for _, change := range p.Changes {
		before, held := p.before.Catalog.Item(change.ID)
		after, holds := p.Catalog.Item(change.ID)
		if change.Section != "items" || held && before.Provider != by.Department || holds && after.Provider != by.Department {
			return gateway.Fail(gateway.Forbidden, "not-your-item", "A provider proposes changes of its own items only.")
		}
	}
	return nil
}

// Changes compares two editions of a kind.
func (s *Service) Changes(ctx context.Context, kind string, from, to int64) ([]catalog.Change, error) {
	before, err := s.Store.Edition(ctx, kind, from)
	if err != nil {
		return nil, err
	}
	after, err := s.Store.Edition(ctx, kind, to)
	if err != nil {
		return nil, err
	}
	return s.compare(kind, before.Content, after.Content)
}

// compare lists what differs between two contents of a kind; policies by file.
func (s *Service) compare(kind string, from, to []byte) ([]catalog.Change, error) {
	if kind == editions.Policies {
		return compareFiles(from, to)
	}
	var before, after exchange.Live
	if err := s.take(&before, kind, from); err != nil {
		return nil, err
	}
	if err := s.take(&after, kind, to); err != nil {
		return nil, err
	}
	return catalog.Plan(before.Catalog, after.Catalog)
}

func compareFiles(from, to []byte) ([]catalog.Change, error) {
	before, err := editions.Files(from)
	if err != nil {
		return nil, err
	}
	after, err := editions.Files(to)
	if err != nil {
		return nil, err
	}
	names := maps.Clone(before)
	maps.Copy(names, after)
	var changes []catalog.Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, was := before[name]
		current, is := after[name]
		change := catalog.Change{Section: "files", ID: name, What: "changed", Old: string(old), New: string(current)}
		switch {
		case !was:
			change.What = "added"
		case !is:
			change.What = "removed"
		case string(old) == string(current):
			continue
		}
		changes = append(changes, change)
	}
	return changes, nil
}
