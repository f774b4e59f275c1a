package ofd

import (
	"cmp"
	"slices"
)

// splice is a change of an XML file's bytes: what stands from one place to another is
// replaced. All other bytes stay.
type splice struct {
	from, to int64
	text     string
}

func applySplices(contents []byte, splices []splice) []byte {
	slices.SortStableFunc(splices, func(a, b splice) int { return cmp.Compare(a.from, b.from) })
	var out []byte
	at := int64(0)
	for _, s := range splices {
		out = append(append(out, contents[at:s.from]...), s.text...)
		at = s.to
	}
	return append(out, contents[at:]...)
}

// xmlFile is an XML file that is being changed.
type xmlFile struct {
	name     string
	contents []byte
	root     *Element
	splices  []splice
}

func (c *Container) xmlFile(name string) (*xmlFile, error) {
	contents, err := c.Read(name)
	if err != nil {
		return nil, err
	}
	root, err := c.limits.parse(contents, name)
	return &xmlFile{name: name, contents: contents, root: root}, err
}

// remove takes an element out.
func (f *xmlFile) remove(e *Element) { f.splices = append(f.splices, splice{e.start, e.after, ""}) }

// replace puts markup in an element's place.
func (f *xmlFile) replace(e *Element, markup string) {
	f.splices = append(f.splices, splice{e.start, e.after, markup})
}

// add puts markup into parent, before the first child that must come later, else at its
// end.
func (f *xmlFile) add(parent *Element, markup string, later ...string) error {
	if parent == nil || parent.end == parent.after {
		return refuse(ErrXML, "/%s lacks an element to be added to, or it is empty", f.name)
	}
	at := parent.end
	for _, child := range parent.Children {
		if slices.Contains(later, child.Name) {
			at = child.start
			break
		}
	}
	f.splices = append(f.splices, splice{at, at, markup})
	return nil
}

// file is the changed file. It is read again: in another encoding than UTF-8 the places
// would not be where they seem.
func (f *xmlFile) file(limits Limits) (file, error) {
	changed := applySplices(f.contents, f.splices)
	_, err := limits.parse(changed, f.name)
	return file{name: f.name, data: changed}, err
}

// insert returns an XML file with markup put in at the end of the element that path
// leads to from the root, the first of each name; without a path, of the root.
func (c *Container) insert(name, markup string, path ...string) ([]byte, error) {
	f, err := c.xmlFile(name)
	if err != nil {
		return nil, err
	}
	parent := f.root
	for _, step := range path {
		parent = parent.Child(step)
	}
	if err := f.add(parent, markup); err != nil {
		return nil, err
	}
	changed, err := f.file(c.limits)
	return changed.data, err
}
