package ofd

import "slices"

// insert returns an XML file with markup put in before the end tag of the element that
// path leads to from the root, the first of each name; without a path, of the root. All
// other bytes stay.
func (c *Container) insert(name, markup string, path ...string) ([]byte, error) {
	contents, err := c.Read(name)
	if err != nil {
		return nil, err
	}
	return c.limits.insert(contents, name, markup, path...)
}

func (l Limits) insert(contents []byte, name, markup string, path ...string) ([]byte, error) {
	element, err := l.parse(contents, name)
	if err != nil {
		return nil, err
	}
	for _, step := range path {
		if element = element.Child(step); element == nil {
			return nil, refuse(ErrXML, "/%s has no %s", name, step)
		}
	}
	if element.end == element.after || element.after > int64(len(contents)) || contents[element.end] != '<' {
		return nil, refuse(ErrXML, "/%s: %s is empty or not in UTF-8", name, element.Name)
	}
	return slices.Concat(contents[:element.end], []byte(markup), contents[element.end:]), nil
}
