package catalog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// section is a top key that a file may hold.
type section struct {
	key   string
	id    func(record map[string]any) string // what a record is known by
	read  func(*loader, *record)
	write func(*Catalog) []any // its records, ordered
}

// sections are all of them, in the order in which they are written.
var sections = []section{
	{"departments", by("id"), (*loader).department, func(c *Catalog) []any { return anys(c.Departments()) }},
	{"systems", by("id"), (*loader).system, func(c *Catalog) []any { return anys(c.Systems()) }},
	{"federations", by("id"), (*loader).federation, func(c *Catalog) []any { return anys(c.Federations()) }},
	{"sources", by("id"), (*loader).source, func(c *Catalog) []any { return anys(c.Sources()) }},
	{"items", by("code"), (*loader).item, func(c *Catalog) []any { return anys(c.Items()) }},
	{"licence_types", by("code"), (*loader).licenceType, func(c *Catalog) []any { return anys(c.LicenceTypes()) }},
	{"return_list", by("code"), (*loader).returnListed, func(c *Catalog) []any { return anys(c.ReturnList()) }},
	{"service_items", by("code"), (*loader).serviceItem, func(c *Catalog) []any { return anys(c.ServiceItems()) }},
	{"purposes", by("code"), (*loader).purpose, func(c *Catalog) []any { return anys(ordered(c.purposes, cmp.Compare)) }},
	{"provisions", by("id"), (*loader).provision, func(c *Catalog) []any { return anys(c.Provisions()) }},
	{"grants", by("id"), (*loader).grant, func(c *Catalog) []any { return anys(c.AllGrants()) }},
	{"templates", by("id"), (*loader).template, func(c *Catalog) []any { return anys(ordered(c.templates, cmp.Compare)) }},
	{"staff", by("issuer", "subject"), (*loader).staff, func(c *Catalog) []any { return anys(ordered(c.staff, compareStaff)) }},
}

func anys[T any](records iter.Seq[T]) []any {
	var found []any
	for record := range records {
		found = append(found, record)
	}
	return found
}

// by names a record by one of its keys, or by several.
func by(keys ...string) func(map[string]any) string {
	return func(record map[string]any) string {
		parts := make([]string, len(keys))
		for i, key := range keys {
			parts[i], _ = record[key].(string)
		}
		return strings.Join(parts, " ")
	}
}

// Load reads every *.yaml file of a folder and its sub-folders. values says what
// the placeholders stand for. A mistake refuses the whole: the error is then
// [Problems] and lists all that were found.
func Load(folder fs.FS, values map[string]string) (*Catalog, error) {
	files, err := readFiles(folder)
	if err != nil {
		return nil, err
	}
	return LoadFiles(files, values)
}

// LoadFiles loads files that were read before, by name, as [Load] does.
func LoadFiles(files map[string][]byte, values map[string]string) (*Catalog, error) {
	if len(files) == 0 {
		return nil, errors.New("catalog: the folder holds no .yaml file")
	}
	l, names := newLoader(values), slices.Sorted(maps.Keys(files))
	for name, parsed := range parsed(names, files) {
		l.file(name, parsed)
	}
	l.resolve()
	if len(l.problems) == 0 {
		l.judge()
	}
	if len(l.problems) > 0 {
		return nil, l.sorted()
	}
	l.found.index()
	if err := l.found.seal(); err != nil {
		return nil, fmt.Errorf("catalog: digest: %w", err)
	}
	l.fill()
	return l.found, nil
}

// loader gathers records and mistakes while the files are read.
type loader struct {
	values   map[string]string
	found    *Catalog
	defined  map[name]place
	referred []reference
	needed   []needed
	problems Problems
	patterns map[string]*regexp.Regexp // compiled once for all fields that have them
}

// name is what a record is known by: its kind and its id.
type name struct{ kind, id string }

// reference is a name used at a place.
type reference struct {
	name
	at place
}

func newLoader(values map[string]string) *loader {
	return &loader{values: values, defined: map[name]place{}, patterns: map[string]*regexp.Regexp{}, found: &Catalog{
		departments: map[string]*Department{}, federations: map[string]*Federation{}, systems: map[string]*System{}, sources: map[string]*Source{},
		items: map[string]*Item{}, serviceItems: map[string]*ServiceItem{}, provisions: map[string]*Provision{},
		purposes: map[string]*Purpose{}, grants: map[string]*Grant{}, licenceTypes: map[string]*LicenceType{}, returned: map[string]*Returned{}, staff: map[staffKey]*Staff{}, templates: map[string]*Template{},
		grantsOf: map[use][]*Grant{}, connections: map[string]Connection{}, settings: map[string]map[string]string{},
	}}
}

func readFiles(folder fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(folder, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".yaml" {
			return err
		}
		files[file], err = fs.ReadFile(folder, file)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	return files, nil
}

// document is a file that was parsed, or could not be.
type document struct {
	body *yaml.Node
	err  error
}

// parsedAhead is how many files are parsed before they are read. The nodes of a file
// take a hundred times its size, so those of all files are never held together.
const parsedAhead = 64

// parsed gives files in their order, parsed side by side: they know nothing of each other.
func parsed(names []string, files map[string][]byte) iter.Seq2[string, document] {
	return func(yield func(string, document) bool) {
		waiting := make(chan chan document, parsedAhead)
		stopped := make(chan struct{})
		defer close(stopped)
		go func() {
			defer close(waiting)
			for _, name := range names {
				one := make(chan document, 1)
				select {
				case waiting <- one:
					go func() { one <- parse(files[name]) }()
				case <-stopped:
					return
				}
			}
		}()
		at := 0
		for one := range waiting {
			if !yield(names[at], <-one) {
				return
			}
			at++
		}
	}
}

// parse reads exactly one document.
func parse(content []byte) document {
	decoder, parsed := yaml.NewDecoder(bytes.NewReader(content)), yaml.Node{}
	if err := decoder.Decode(&parsed); err != nil && !errors.Is(err, io.EOF) {
		return document{err: err}
	}
	var more yaml.Node
	if err := decoder.Decode(&more); err == nil || len(parsed.Content) == 0 {
		return document{}
	} else if !errors.Is(err, io.EOF) {
		return document{err: err}
	}
	return document{body: parsed.Content[0]}
}

// file reads the sections of one file.
func (l *loader) file(file string, parsed document) {
	if parsed.err != nil {
		l.unreadable(file, parsed.err)
		return
	}
	if parsed.body == nil || parsed.body.Tag == "!!null" {
		l.report(place{file: file}, "a file holds exactly one YAML document")
		return
	}
	r, ok := newRecord(l, file, parsed.body)
	if !ok {
		return
	}
	for _, section := range sections {
		if _, present := r.value(section.key); present {
			r.records(section.key, func(inner *record) { section.read(l, inner) })
		}
	}
	r.close()
}

// brokenAt is how the YAML parser says where it gave up.
var brokenAt = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?(.*)$`)

// unreadable reports what the YAML parser could not read, at its line.
func (l *loader) unreadable(file string, err error) {
	found := brokenAt.FindStringSubmatch(err.Error())
	if found == nil {
		l.report(place{file: file}, "not YAML")
		return
	}
	line, _ := strconv.Atoi(found[1]) // digits, or none
	if line == 0 {
		l.report(place{file: file}, "not YAML: %s", found[2])
		return
	}
	l.report(place{file: file, line: line, column: 1}, "not YAML: %s", found[2])
}

func (l *loader) report(at place, format string, args ...any) {
	l.problems = append(l.problems, Problem{File: at.file, Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...)})
}

func (l *loader) define(kind, id string, at place) {
	key := name{kind, id}
	if before, twice := l.defined[key]; twice {
		l.report(at, "the %s %q is defined before, at %s:%d", kind, id, before.file, before.line)
		return
	}
	l.defined[key] = at
}

func (l *loader) refer(kind, id string, at place) {
	l.referred = append(l.referred, reference{name{kind, id}, at})
}

// resolve reports the references to what no file defines.
func (l *loader) resolve() {
	for _, used := range l.referred {
		if _, known := l.defined[used.name]; !known {
			l.report(used.at, "there is no %s %q", used.kind, used.id)
		}
	}
}

func (l *loader) sorted() Problems {
	slices.SortStableFunc(l.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return l.problems
}

// index orders what is looked up by more than its id.
func (c *Catalog) index() {
	for grant := range c.AllGrants() {
		key := use{grant.System, grant.Item}
		c.grantsOf[key] = append(c.grantsOf[key], grant)
	}
	for _, grants := range c.grantsOf {
		slices.SortStableFunc(grants, func(a, b *Grant) int { return a.From.Compare(b.From) })
	}
}
