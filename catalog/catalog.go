package catalog

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Catalog is one immutable state of the directory. Look-ups take constant time.
type Catalog struct {
	departments  map[string]*Department
	systems      map[string]*System
	federations  map[string]*Federation
	sources      map[string]*Source
	items        map[string]*Item
	serviceItems map[string]*ServiceItem
	provisions   map[string]*Provision
	purposes     map[string]*Purpose
	grants       map[string]*Grant
	licenceTypes map[string]*LicenceType
	returned     map[string]*Returned
	staff        map[staffKey]*Staff
	templates    map[string]*Template

	grantsOf    map[use][]*Grant
	connections map[string]Connection
	settings    map[string]map[string]string // of sources
	digest      string
}

// use is what a grant is looked up by.
type use struct{ system, item string }

// staffKey is how an identity provider names a person.
type staffKey struct{ issuer, subject string }

// Department finds a department by its id.
func (c *Catalog) Department(id string) (*Department, bool) { return find(c.departments, id) }

// System finds a department's system by its id.
func (c *Catalog) System(id string) (*System, bool) { return find(c.systems, id) }

// Source finds a source by its id.
func (c *Catalog) Source(id string) (*Source, bool) { return find(c.sources, id) }

// Item finds a data item by its code.
func (c *Catalog) Item(code string) (*Item, bool) { return find(c.items, code) }

// ServiceItem finds a service item (事项) by its code.
func (c *Catalog) ServiceItem(code string) (*ServiceItem, bool) { return find(c.serviceItems, code) }

// Provision finds a statutory provision by its id.
func (c *Catalog) Provision(id string) (*Provision, bool) { return find(c.provisions, id) }

// Purpose finds a purpose by its code.
func (c *Catalog) Purpose(code string) (*Purpose, bool) { return find(c.purposes, code) }

// Template finds a consent template by its id.
func (c *Catalog) Template(id string) (*Template, bool) { return find(c.templates, id) }

// Grant finds a grant by its id.
func (c *Catalog) Grant(id string) (*Grant, bool) { return find(c.grants, id) }

// Staff finds a member of staff as the identity provider names them.
func (c *Catalog) Staff(issuer, subject string) (*Staff, bool) {
	return find(c.staff, staffKey{issuer, subject})
}

// Grants lists what a system was granted of an item, ended grants included,
// oldest first. It is empty where nothing was granted.
func (c *Catalog) Grants(system, item string) []*Grant { return c.grantsOf[use{system, item}] }

// Connection says how an item is fetched: its source's protocol and the settings
// of source and item together. It reports false for an item without a source.
func (c *Catalog) Connection(itemCode string) (Connection, bool) {
	found, known := c.connections[itemCode]
	return found, known
}

// Settings are a source's own, for what is read of it beside its items; nil where it is
// unknown.
func (c *Catalog) Settings(source string) map[string]string { return maps.Clone(c.settings[source]) }

// Items lists every data item, ordered by code.
func (c *Catalog) Items() iter.Seq[*Item] { return ordered(c.items, cmp.Compare) }

// Departments lists every department, ordered by id.
func (c *Catalog) Departments() iter.Seq[*Department] { return ordered(c.departments, cmp.Compare) }

// Systems lists every system, ordered by id.
func (c *Catalog) Systems() iter.Seq[*System] { return ordered(c.systems, cmp.Compare) }

// ServiceItems lists every service item, ordered by code.
func (c *Catalog) ServiceItems() iter.Seq[*ServiceItem] { return ordered(c.serviceItems, cmp.Compare) }

// AllGrants lists every grant, ordered by id.
func (c *Catalog) AllGrants() iter.Seq[*Grant] { return ordered(c.grants, cmp.Compare) }

// LicenceTypes lists every type of licence, ordered by code.
func (c *Catalog) LicenceTypes() iter.Seq[*LicenceType] { return ordered(c.licenceTypes, cmp.Compare) }

// ReturnList lists the national return list, ordered by code.
func (c *Catalog) ReturnList() iter.Seq[*Returned] { return ordered(c.returned, cmp.Compare) }

// Sources lists every source, ordered by id.
func (c *Catalog) Sources() iter.Seq[*Source] { return ordered(c.sources, cmp.Compare) }

// Provisions lists the maintained list of statutory provisions, ordered by id.
func (c *Catalog) Provisions() iter.Seq[*Provision] { return ordered(c.provisions, cmp.Compare) }

// Digest is the SM3 of the canonical content, as 64 hexadecimal digits. It does
// not depend on how the content is spread over files, nor on what the
// placeholders stand for.
func (c *Catalog) Digest() string { return c.digest }

func find[K comparable, T any](entries map[K]*T, key K) (*T, bool) {
	found, known := entries[key]
	return found, known
}

func ordered[K comparable, T any](entries map[K]*T, compare func(a, b K) int) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, key := range slices.SortedFunc(maps.Keys(entries), compare) {
			if !yield(entries[key]) {
				return
			}
		}
	}
}

func compareStaff(a, b staffKey) int {
	return cmp.Or(cmp.Compare(a.issuer, b.issuer), cmp.Compare(a.subject, b.subject))
}
