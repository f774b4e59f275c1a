package spreadsheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"kapok/catalog"
)

// form reads sheets into items, and gathers what is wrong with them.
type form struct {
	base     *catalog.Catalog
	sheets   []Sheet
	items    []*entry
	codes    map[string]*entry
	problems Problems
}

// entry is one item of the form.
type entry struct {
	table  table
	row    int
	code   string
	filled map[string]any // by key
	fields []field
}

type field struct {
	row    int
	filled map[string]any
}

// Read reads the items of a form as a part of a catalogue that it adds to and changes:
// departments, sources and related items may be those of base. It returns a file of
// the catalogue's YAML. The error is [Problems], with everything that was found.
//
// A catalogue as a whole is judged by whoever plans it: that an item which others were
// granted lost a field is no mistake of the form.
func Read(sheets []Sheet, base *catalog.Catalog, values map[string]string) (Items, error) {
	f := &form{base: base, sheets: sheets, codes: map[string]*entry{}}
	for _, sheet := range sheets {
		if sheet.Name == notes {
			continue
		}
		if t, found := f.findTable(sheet); found {
			f.rows(t)
		}
	}
	if len(f.items) == 0 && len(f.problems) == 0 {
		f.report(Problem{Zh: noRows.zh, En: noRows.en})
	}
	f.together()
	read := f.write()
	if err := f.judge(read, values); err != nil {
		return Items{}, err
	}
	if len(f.problems) > 0 {
		return Items{}, f.problems.sorted(sheets)
	}
	return Items{YAML: read.text.Bytes(), Codes: slices.Collect(f.codesRead())}, nil
}

// Items is what a form holds.
type Items struct {
	YAML  []byte   // a file that [catalog.Load] reads: items
	Codes []string // of the items, in their order
}

func (f *form) codesRead() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, item := range f.items {
			if !yield(item.code) {
				return
			}
		}
	}
}

func (f *form) report(p Problem) { f.problems = append(f.problems, p) }

func (f *form) reportAt(t table, row, column int, heading string, broken rule) {
	f.report(Problem{Sheet: t.sheet.Name, Row: row, Column: column, Heading: heading, Zh: broken.zh, En: broken.en})
}

// reportCell reports that a cell of a column breaks its rule, or another.
func (f *form) reportCell(t table, row, at int, broken rule) {
	f.reportAt(t, row, t.places[at], columns()[at].heading, broken)
}

// rows reads what stands below the headings.
func (f *form) rows(t table) {
	var current *entry
	for row := t.headings + 1; row <= len(t.sheet.Rows); row++ {
		f.beside(t, row)
		at, ofItem := t.filled(row, 0, len(itemColumns))
		_, ofField := t.filled(row, len(itemColumns), len(columns()))
		switch {
		case t.value(row, 0) != "":
			current = f.begin(t, row)
		case ofItem:
			f.reportCell(t, row, at, notHere)
			continue
		case !ofField:
			continue
		case current == nil:
			f.reportAt(t, row, 0, "", noItem)
			continue
		}
		if ofField {
			current.fields = append(current.fields, field{row, f.fill(t, row, len(itemColumns), fieldColumns)})
		}
	}
}

// beside reports what stands in a row beside the columns that have headings.
func (f *form) beside(t table, row int) {
	for i := range t.sheet.Rows[row-1] {
		if t.sheet.cell(row, i+1) != "" && t.sheet.cell(t.headings, i+1) == "" {
			f.reportAt(t, row, i+1, "", leftOver)
		}
	}
}

func (f *form) begin(t table, row int) *entry {
	item := &entry{table: t, row: row, code: t.value(row, 0), filled: f.fill(t, row, 0, itemColumns)}
	if before, again := f.codes[item.code]; again {
		f.reportCell(t, row, 0, rule{
			fmt.Sprintf("与第 %d 行的代码相同。", before.row), fmt.Sprintf("Row %d has the same code.", before.row),
		})
		return item // its rows are read with it, and counted nowhere
	}
	f.codes[item.code] = item
	f.items = append(f.items, item)
	return item
}

// fill reads the cells of one row, from a place in columns() on. A cell that breaks its
// rule is reported, and an example stands in for it: so the others are judged as well.
func (f *form) fill(t table, row, from int, of []column) map[string]any {
	filled := map[string]any{}
	for i, c := range of {
		content := t.value(row, from+i)
		value, fine := f.readCell(c, content)
		switch {
		case content == "" && c.needed:
			if t.places[from+i] > 0 { // a column that is not there was reported once
				f.reportCell(t, row, from+i, needed)
			}
			filled[c.key], _ = f.standIn(c)
		case content == "":
		case !fine:
			f.reportCell(t, row, from+i, c.rule)
			if value, stands := f.standIn(c); stands {
				filled[c.key] = value
			}
		default:
			filled[c.key] = value
		}
	}
	return filled
}

// readCell reads a cell; a department may be named as people name it.
func (f *form) readCell(c column, content string) (any, bool) {
	if c.key != "provider" {
		return c.cell.read(content)
	}
	for department := range f.base.Departments() {
		if department.ID == content || department.Name == content || department.USCC == content {
			return department.ID, true
		}
	}
	return nil, false
}

// standIn is a value that breaks no rule of its own.
func (f *form) standIn(c column) (any, bool) {
	if c.key == "provider" {
		for department := range f.base.Departments() {
			return department.ID, true
		}
	}
	if !c.needed {
		return nil, false
	}
	return c.cell.read(c.example)
}

// judge has the catalogue read what was written, beside all else that it holds, and
// finds the cells that it complains of.
func (f *form) judge(w *written, values map[string]string) error {
	rest, err := f.base.FilesBut(func(section, id string) bool {
		return section == "items" && f.codes[id] != nil || dependents[section]
	})
	if err != nil {
		return err
	}
	rest[formFile] = w.text.Bytes()
	_, err = catalog.LoadFiles(rest, values)
	return f.locate(w, err)
}

// dependents are the sections that speak of items: whether they still fit is for the
// plan to say.
var dependents = map[string]bool{"licence_types": true, "return_list": true, "service_items": true, "provisions": true, "grants": true, "staff": true, "templates": true}

const formFile = "form.yaml"

func (f *form) locate(w *written, err error) error {
	found, known := err.(catalog.Problems) //nolint:errorlint // Load promises exactly this
	if err != nil && !known {
		return err
	}
	for _, problem := range found {
		if problem.File != formFile || problem.Line < 1 || problem.Line > len(w.origins) {
			return fmt.Errorf("spreadsheet: the catalogue that the form adds to: %v", problem)
		}
		if at := w.origins[problem.Line-1]; at.table.sheet.Name != "" {
			f.reportCell(at.table, at.row, at.column, columns()[at.column].rule)
		}
	}
	return nil
}

// written is the YAML of a form, and where each of its lines came from.
type written struct {
	text    bytes.Buffer
	origins []origin
}

type origin struct {
	table  table
	row    int
	column int // place in columns()
}

func (w *written) line(from origin, format string, args ...any) {
	fmt.Fprintf(&w.text, format+"\n", args...)
	w.origins = append(w.origins, from)
}

func (f *form) write() *written {
	w := &written{}
	w.line(origin{}, "items:")
	for _, item := range f.items {
		w.record("  ", item.table, item.row, 0, itemColumns, item.filled)
		w.line(origin{}, "    fields:")
		for _, field := range item.fields {
			w.record("      ", item.table, field.row, len(itemColumns), fieldColumns, field.filled)
		}
	}
	return w
}

// record writes one mapping of a list; a list that may be absent in a form and not in
// the catalogue is empty.
func (w *written) record(indent string, t table, row, from int, of []column, filled map[string]any) {
	lead := "- "
	for i, c := range of {
		value, there := filled[c.key]
		if !there && c.key == "related" {
			value, there = []any{}, true
		}
		if !there {
			continue
		}
		content, _ := json.Marshal(value) // texts, numbers, and lists and mappings of them
		w.line(origin{t, row, from + i}, "%s%s%s: %s", indent, lead, c.key, spaced(content))
		lead = "  "
	}
}

// spaced is JSON that YAML reads as the same: a colon has its blank.
func spaced(content []byte) string {
	if content[0] != '{' && content[0] != '[' {
		return string(content)
	}
	var out bytes.Buffer
	_ = json.Indent(&out, content, "", "") // it was just written
	return strings.ReplaceAll(out.String(), "\n", " ")
}
