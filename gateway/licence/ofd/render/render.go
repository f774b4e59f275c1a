package render

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"kapok/crypto/eseal"
	"kapok/gateway/licence/ofd"
)

// Picture is a page as it was drawn.
type Picture struct {
	SVG           []byte
	Width, Height float64  // mm
	Missing       []string // what could not be drawn, each once
}

const (
	maxSVG    = 32 << 20 // of one drawing, bytes
	maxNested = 4        // composites within composites, documents within seals
)

// ErrPage says that there is no such page.
var ErrPage = errors.New("render: there is no such page")

var errTooLarge = errors.New("render: the drawing would be longer than 32 MiB")

// SVG draws a page of the container's first document; 0 is the first page.
func SVG(c *ofd.Container, page int) (Picture, error) { return drawDocument(c, page, 0) }

func drawDocument(c *ofd.Container, page, nested int) (Picture, error) {
	documents, err := c.Documents()
	if err != nil {
		return Picture{}, err
	}
	d := &drawing{container: c, document: documents[0], nested: nested, resources: newResources(), templates: map[string]string{}}
	if d.pages, err = c.Pages(d.document); err != nil {
		return Picture{}, err
	}
	if page < 0 || page >= len(d.pages) {
		return Picture{}, ErrPage
	}
	return d.page(d.pages[page])
}

// drawing is a page being drawn.
type drawing struct {
	container *ofd.Container
	document  ofd.Document
	pages     []ofd.PageRef
	resources resources
	templates map[string]string // ID to file
	nested    int
	out       bytes.Buffer
	missing   []string
}

func (d *drawing) miss(what string) {
	if !slices.Contains(d.missing, what) {
		d.missing = append(d.missing, what)
	}
}

// element reads a file that the drawing can do without.
func (d *drawing) element(name string) *ofd.Element {
	element, err := d.container.Element(name)
	if err != nil {
		d.miss("a file that cannot be read: /" + name)
		return &ofd.Element{}
	}
	return element
}

// file resolves a location in a file; "" when it leads nowhere.
func (d *drawing) file(from, location string) string {
	name, err := ofd.Resolve(from, location)
	if err != nil || !d.container.Has(name) {
		d.miss("a file that is not there")
		return ""
	}
	return name
}

func (d *drawing) page(page ofd.PageRef) (Picture, error) {
	root, err := d.container.Element(d.document.File)
	if err != nil {
		return Picture{}, err
	}
	content, err := d.container.Element(page.File)
	if err != nil {
		return Picture{}, err
	}
	common := root.Child("CommonData")
	box := physicalBox(content.Child("Area"), common.Child("PageArea"))
	d.readCommon(common)
	d.readResources(d.locations(page.File, content, "PageRes"))
	d.layers(content)
	d.annotations(root, page.ID)
	d.stamps(page.ID)
	if d.out.Len() > maxSVG {
		return Picture{}, errTooLarge
	}
	return Picture{SVG: d.wrap(box), Width: box.w, Height: box.h, Missing: d.missing}, nil
}

func (d *drawing) wrap(box rect) []byte {
	var svg bytes.Buffer
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%smm" height="%smm" viewBox="%s %s %s %s">`,
		num(box.w), num(box.h), num(box.x), num(box.y), num(box.w), num(box.h))
	svg.WriteString(d.resources.style())
	fmt.Fprintf(&svg, `<rect x="%s" y="%s" width="%s" height="%s" fill="#fff"/>`, num(box.x), num(box.y), num(box.w), num(box.h))
	svg.Write(d.out.Bytes())
	svg.WriteString("</svg>")
	return svg.Bytes()
}

// physicalBox is the page's own box, else the document's, else A4.
func physicalBox(areas ...*ofd.Element) rect {
	for _, area := range areas {
		if box, ok := parseRect(area.ChildText("PhysicalBox")); ok {
			return box
		}
	}
	return rect{0, 0, 210, 297}
}

func (d *drawing) locations(from string, parent *ofd.Element, element string) []string {
	var names []string
	for _, child := range parent.All(element) {
		if name := d.file(from, child.Text); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (d *drawing) readCommon(common *ofd.Element) {
	d.readResources(d.locations(d.document.File, common, "PublicRes"))
	d.readResources(d.locations(d.document.File, common, "DocumentRes"))
	for _, template := range common.All("TemplatePage") {
		d.templates[template.Attr("ID")] = template.Attr("BaseLoc")
	}
}

// layers draws templates below the page, the page, and templates above it.
func (d *drawing) layers(content *ofd.Element) {
	for _, template := range content.All("Template") {
		if template.Attr("ZOrder") != "Foreground" {
			d.template(template)
		}
	}
	d.content(content.Child("Content"))
	for _, template := range content.All("Template") {
		if template.Attr("ZOrder") == "Foreground" {
			d.template(template)
		}
	}
}

func (d *drawing) template(reference *ofd.Element) {
	location, known := d.templates[reference.Attr("TemplateID")]
	if !known {
		d.miss("a template that is not there")
		return
	}
	if name := d.file(d.document.File, location); name != "" {
		content := d.element(name)
		d.readResources(d.locations(name, content, "PageRes"))
		d.content(content.Child("Content"))
	}
}

// layerOrder is the order in which layers lie above each other.
var layerOrder = []string{"Background", "Body", "", "Foreground", "Custom"}

func (d *drawing) content(content *ofd.Element) {
	for _, kind := range layerOrder {
		for _, layer := range content.All("Layer") {
			if layer.Attr("Type") == kind {
				d.objects(layer, d.resources.parameters[layer.Attr("DrawParam")], 0)
			}
		}
	}
}

func (d *drawing) annotations(root *ofd.Element, pageID string) {
	location := root.ChildText("Annotations")
	if location == "" {
		return
	}
	name := d.file(d.document.File, location)
	if name == "" {
		return
	}
	for _, page := range d.element(name).All("Page") {
		if page.Attr("PageID") != pageID {
			continue
		}
		if file := d.file(name, page.ChildText("FileLoc")); file != "" {
			for _, annotation := range d.element(file).All("Annot") {
				d.annotation(annotation)
			}
		}
	}
}

func (d *drawing) annotation(annotation *ofd.Element) {
	appearance := annotation.Child("Appearance")
	if annotation.Attr("Visible") == "false" || appearance == nil {
		return
	}
	box, _ := parseRect(appearance.Attr("Boundary"))
	fmt.Fprintf(&d.out, `<g transform="translate(%s %s)">`, num(box.x), num(box.y))
	d.objects(appearance, nil, 0)
	d.out.WriteString("</g>")
}

// stamps draws the seals' pictures where their signatures show them.
func (d *drawing) stamps(pageID string) {
	listed, err := d.container.List(d.document)
	if err != nil {
		d.miss("the seals, whose list cannot be read")
		return
	}
	for _, entry := range listed {
		signature, err := d.container.Signature(entry)
		if err != nil {
			d.miss("a seal that cannot be read")
			continue
		}
		for _, stamp := range signature.Stamps {
			if stamp.PageID == pageID {
				d.stamp(signature, stamp)
			}
		}
	}
}

func (d *drawing) stamp(signature *ofd.SignatureFile, stamp ofd.StampAnnot) {
	box, ok := parseRect(stamp.Boundary)
	value, err := d.container.Read(signature.SignedValue)
	if err != nil || !ok {
		d.miss("a seal that cannot be read")
		return
	}
	signed, err := eseal.ParseSignature(value)
	if err != nil {
		d.miss("a seal that cannot be read")
		return
	}
	clip, ok := parseRect(stamp.Clip)
	if !ok {
		clip = rect{0, 0, box.w, box.h}
	}
	fmt.Fprintf(&d.out, `<svg x="%s" y="%s" width="%s" height="%s" viewBox="%s %s %s %s">`,
		num(box.x+clip.x), num(box.y+clip.y), num(clip.w), num(clip.h), num(clip.x), num(clip.y), num(clip.w), num(clip.h))
	d.sealPicture(signed.Seal.Picture, box)
	d.out.WriteString("</svg>")
}

// sealPicture draws a picture, or the page of an OFD that a seal carries.
func (d *drawing) sealPicture(picture eseal.Picture, box rect) {
	if !strings.EqualFold(path.Base(picture.Type), "ofd") {
		d.image(picture.Data, rect{0, 0, box.w, box.h})
		return
	}
	if d.nested == maxNested {
		d.miss("a seal within a seal within a seal")
		return
	}
	inner, err := ofd.Open(bytes.NewReader(picture.Data), int64(len(picture.Data)), ofd.Limits{TotalBytes: maxSVG})
	if err != nil {
		d.miss("a seal's picture that is an OFD and cannot be read")
		return
	}
	drawn, err := drawDocument(inner, 0, d.nested+1)
	if err != nil || drawn.Width <= 0 || drawn.Height <= 0 {
		d.miss("a seal's picture that is an OFD and cannot be drawn")
		return
	}
	for _, what := range drawn.Missing {
		d.miss("in a seal: " + what)
	}
	d.embed(drawn, box)
}

// embed puts an inner drawing in without its white ground, stretched to the box.
func (d *drawing) embed(inner Picture, box rect) {
	svg := bytes.Replace(inner.SVG, []byte(` fill="#fff"/>`), []byte(` fill="none"/>`), 1)
	fmt.Fprintf(&d.out, `<g transform="scale(%s %s)">`, num(box.w/inner.Width), num(box.h/inner.Height))
	// Millimetres outside are the user's units inside.
	d.out.Write(bytes.Replace(svg, []byte(fmt.Sprintf(`width="%smm" height="%smm"`, num(inner.Width), num(inner.Height))),
		[]byte(fmt.Sprintf(`width="%s" height="%s"`, num(inner.Width), num(inner.Height))), 1))
	d.out.WriteString("</g>")
}
