package ofd

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Element is an XML element with its namespace prefix taken off: makers differ in
// prefixes, and some write none.
type Element struct {
	Name     string
	Attrs    []xml.Attr // Name.Local is the name
	Children []*Element
	Text     string // its own characters, put together

	start, end, after int64 // in bytes: where its start tag and its end tag begin, and what follows begins
}

// Child is the first child of that name, or nil.
func (e *Element) Child(name string) *Element {
	if e == nil {
		return nil
	}
	for _, child := range e.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// All lists the children of that name.
func (e *Element) All(name string) []*Element {
	var found []*Element
	if e == nil {
		return nil
	}
	for _, child := range e.Children {
		if child.Name == name {
			found = append(found, child)
		}
	}
	return found
}

// Attr is the attribute of that name, or "".
func (e *Element) Attr(name string) string {
	if e == nil {
		return ""
	}
	for _, attr := range e.Attrs {
		if attr.Name.Local == name {
			return attr.Value
		}
	}
	return ""
}

// ChildText is the text of the first child of that name without the space around it,
// or "".
func (e *Element) ChildText(name string) string {
	if child := e.Child(name); child != nil {
		return strings.TrimSpace(child.Text)
	}
	return ""
}

// Element reads an XML file into memory. Document type declarations are refused, so
// there are no entities to expand; size, depth and number of elements are bounded.
func (c *Container) Element(name string) (*Element, error) {
	contents, err := c.Read(name)
	if err != nil {
		return nil, err
	}
	return c.limits.parse(contents, name)
}

// parse reads XML that stood in the file called name.
func (l Limits) parse(contents []byte, name string) (*Element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(contents))
	decoder.CharsetReader = chinese
	builder := &treeBuilder{limits: l}
	for {
		before := decoder.InputOffset()
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, refuse(ErrXML, "/%s is not well-formed", name)
		}
		if err := builder.take(token, before, decoder.InputOffset()); err != nil {
			return nil, refuse(ErrXML, "/%s: %s", name, err)
		}
	}
	if builder.root == nil || len(builder.open) > 0 {
		return nil, refuse(ErrXML, "/%s has no root element or does not end", name)
	}
	return builder.root, nil
}

// chinese reads the encodings that Chinese makers declare.
func chinese(charset string, input io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "gbk", "gb2312", "gb18030":
		return simplifiedchinese.GB18030.NewDecoder().Reader(input), nil
	}
	return nil, errors.New("an encoding that is not read here")
}

type treeBuilder struct {
	limits   Limits
	root     *Element
	open     []opened
	elements int
}

// opened is an element whose end tag is awaited under its full name.
type opened struct {
	element *Element
	name    xml.Name
	text    strings.Builder
}

func (b *treeBuilder) take(token xml.Token, start, end int64) error {
	switch token := token.(type) {
	case xml.StartElement:
		return b.start(token, start)
	case xml.EndElement:
		return b.end(token, start, end)
	case xml.CharData:
		if len(b.open) > 0 {
			b.open[len(b.open)-1].text.Write(token)
		}
	case xml.Directive:
		return errors.New("it declares a document type")
	}
	return nil
}

func (b *treeBuilder) start(token xml.StartElement, at int64) error {
	if b.elements++; b.elements > b.limits.Elements {
		return ErrLimit
	}
	if len(b.open) == b.limits.Depth {
		return ErrLimit
	}
	if twice(token.Attr) {
		return errors.New("an attribute stands twice")
	}
	element := &Element{Name: token.Name.Local, Attrs: token.Attr, start: at}
	switch {
	case len(b.open) > 0:
		parent := b.open[len(b.open)-1].element
		parent.Children = append(parent.Children, element)
	case b.root == nil:
		b.root = element
	default:
		return errors.New("it has two root elements")
	}
	b.open = append(b.open, opened{element: element, name: token.Name})
	return nil
}

func twice(attrs []xml.Attr) bool {
	for i := range attrs {
		for _, other := range attrs[i+1:] {
			if attrs[i].Name == other.Name {
				return true
			}
		}
	}
	return false
}

func (b *treeBuilder) end(token xml.EndElement, at, after int64) error {
	if len(b.open) == 0 {
		return errors.New("an end tag has no start")
	}
	last := &b.open[len(b.open)-1]
	if last.name != token.Name {
		return errors.New("an end tag is of another element")
	}
	last.element.Text, last.element.end, last.element.after = last.text.String(), at, after
	b.open = b.open[:len(b.open)-1]
	return nil
}
