package render

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"kapok/gateway/licence/ofd"
)

// objects draws the children of a layer, a block or an appearance. style is the
// DrawParam that they inherit, or nil.
func (d *drawing) objects(parent, style *ofd.Element, depth int) {
	if depth > maxNested || d.out.Len() > maxSVG {
		d.miss("objects that are nested too deeply, or too many")
		return
	}
	for _, object := range parent.Children {
		if object.Attr("Visible") == "false" {
			continue
		}
		own := style
		if named := d.resources.parameters[object.Attr("DrawParam")]; named != nil {
			own = named
		}
		switch object.Name {
		case "TextObject":
			d.text(object, own)
		case "PathObject":
			d.path(object, own)
		case "ImageObject":
			d.imageObject(object)
		case "CompositeObject":
			d.composite(object, own, depth)
		case "PageBlock":
			d.objects(object, own, depth+1)
		}
	}
}

// place opens a group at an object's box, turned by its CTM.
func (d *drawing) place(object *ofd.Element) {
	n := numbers(object.Attr("Boundary"))
	if len(n) != 4 {
		n = make([]float64, 4)
	}
	opacity := ""
	if alpha := object.Attr("Alpha"); alpha != "" {
		opacity = fmt.Sprintf(` opacity="%s"`, num(parse(alpha, 255)/255))
	}
	fmt.Fprintf(&d.out, `<g transform="translate(%s %s)%s"%s>`, num(n[0]), num(n[1]), matrix(object.Attr("CTM")), opacity)
}

// attribute is an object's own, else its DrawParam's.
func attribute(object, style *ofd.Element, name, otherwise string) string {
	for _, from := range []*ofd.Element{object, style} {
		if value := from.Attr(name); value != "" {
			return value
		}
	}
	return otherwise
}

// color reads FillColor or StrokeColor; otherwise is what stands for none.
func (d *drawing) color(object, style *ofd.Element, name, otherwise string) (color, opacity string) {
	element := object.Child(name)
	if element == nil {
		element = style.Child(name)
	}
	if element == nil {
		return otherwise, ""
	}
	if alpha := element.Attr("Alpha"); alpha != "" {
		opacity = num(parse(alpha, 255) / 255)
	}
	n := numbers(element.Attr("Value"))
	switch len(n) {
	case 1:
		return fmt.Sprintf("rgb(%[1]s,%[1]s,%[1]s)", num(n[0])), opacity
	case 3:
		return fmt.Sprintf("rgb(%s,%s,%s)", num(n[0]), num(n[1]), num(n[2])), opacity
	case 4:
		return cmyk(n), opacity
	}
	if len(element.Children) > 0 {
		d.miss("a gradient or pattern, drawn as one grey")
		return "#888", opacity
	}
	return "#000", opacity
}

func cmyk(n []float64) string {
	channel := func(ink float64) string { return num((255 - min(ink, 255)) * (255 - min(n[3], 255)) / 255) }
	return fmt.Sprintf("rgb(%s,%s,%s)", channel(n[0]), channel(n[1]), channel(n[2]))
}

func (d *drawing) paint(kind, color, opacity string) {
	fmt.Fprintf(&d.out, ` %s="%s"`, kind, color)
	if opacity != "" && color != "none" {
		fmt.Fprintf(&d.out, ` %s-opacity="%s"`, kind, opacity)
	}
}

func (d *drawing) path(object, style *ofd.Element) {
	data, whole := pathData(object.ChildText("AbbreviatedData"))
	if !whole {
		d.miss("a part of a path")
	}
	d.place(object)
	fmt.Fprintf(&d.out, `<path d="%s"`, data)
	fill, fillOpacity := "none", ""
	if object.Attr("Fill") == "true" {
		fill, fillOpacity = d.color(object, style, "FillColor", "none")
	}
	stroke, strokeOpacity := "none", ""
	if object.Attr("Stroke") != "false" {
		stroke, strokeOpacity = d.color(object, style, "StrokeColor", "#000")
	}
	d.paint("fill", fill, fillOpacity)
	d.paint("stroke", stroke, strokeOpacity)
	if object.Attr("Rule") == "Even-Odd" {
		d.out.WriteString(` fill-rule="evenodd"`)
	}
	fmt.Fprintf(&d.out, ` stroke-width="%s"`, num(parse(attribute(object, style, "LineWidth", ""), 0.353)))
	if dashes := numbers(attribute(object, style, "DashPattern", "")); len(dashes) > 0 {
		parts := make([]string, len(dashes))
		for i, dash := range dashes {
			parts[i] = num(dash)
		}
		d.out.WriteString(` stroke-dasharray="` + strings.Join(parts, " ") + `"`)
	}
	d.out.WriteString("/></g>")
}

func (d *drawing) text(object, style *ofd.Element) {
	if object.Child("CGTransform") != nil {
		d.miss("glyphs chosen by number: text is drawn by its characters")
	}
	size := parse(object.Attr("Size"), 4)
	d.place(object)
	fmt.Fprintf(&d.out, `<g font-family="%s" font-size="%s"`, d.resources.family(object.Attr("Font")), num(size))
	if parse(object.Attr("Weight"), 400) >= 600 {
		d.out.WriteString(` font-weight="bold"`)
	}
	if object.Attr("Italic") == "true" {
		d.out.WriteString(` font-style="italic"`)
	}
	fill, fillOpacity := "none", ""
	if object.Attr("Fill") != "false" {
		fill, fillOpacity = d.color(object, style, "FillColor", "#000")
	}
	d.paint("fill", fill, fillOpacity)
	if object.Attr("Stroke") == "true" {
		stroke, opacity := d.color(object, style, "StrokeColor", "#000")
		d.paint("stroke", stroke, opacity)
		fmt.Fprintf(&d.out, ` stroke-width="%s"`, num(parse(attribute(object, style, "LineWidth", ""), 0.353)))
	}
	d.out.WriteString(">")
	x, y := 0.0, 0.0
	for _, code := range object.All("TextCode") {
		x, y = parse(code.Attr("X"), x), parse(code.Attr("Y"), y)
		d.line(code, x, y)
	}
	d.out.WriteString("</g></g>")
}

// line draws one TextCode, character by character where distances are given.
func (d *drawing) line(code *ofd.Element, x, y float64) {
	text := strings.ToValidUTF8(strings.Trim(code.Text, "\r\n\t"), "\uFFFD")
	if text == "" {
		return
	}
	runes := utf8.RuneCountInString(text)
	fmt.Fprintf(&d.out, `<text x="%s" y="%s" xml:space="preserve">`,
		positions(x, deltas(code.Attr("DeltaX")), runes), positions(y, deltas(code.Attr("DeltaY")), runes))
	_ = xml.EscapeText(&d.out, []byte(text)) // a buffer takes everything
	d.out.WriteString("</text>")
}

// positions are where each character of a line stands; one where no distance is given.
func positions(start float64, steps []float64, characters int) string {
	parts := []string{num(start)}
	for i := 0; i < len(steps) && i < characters-1; i++ {
		start += steps[i]
		parts = append(parts, num(start))
	}
	return strings.Join(parts, " ")
}

func (d *drawing) imageObject(object *ofd.Element) {
	name := d.resources.media[object.Attr("ResourceID")]
	if name == "" || !d.container.Has(name) {
		d.miss("a picture that is not there")
		return
	}
	contents, err := d.container.Read(name)
	if err != nil {
		d.miss("a picture that cannot be read: /" + name)
		return
	}
	d.place(object)
	unit := rect{0, 0, 1, 1} // the CTM stretches a picture of one by one (GB/T 33190, 10)
	if matrix(object.Attr("CTM")) == "" {
		if box, ok := parseRect(object.Attr("Boundary")); ok {
			unit = rect{0, 0, box.w, box.h}
		}
	}
	d.image(contents, unit)
	d.out.WriteString("</g>")
}

// pictureTypes are those that every browser draws.
var pictureTypes = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/bmp": true, "image/webp": true}

func (d *drawing) image(contents []byte, box rect) {
	kind := http.DetectContentType(contents)
	if !pictureTypes[kind] {
		d.miss("a picture of a kind that browsers do not draw")
		return
	}
	if d.out.Len()+len(contents)*4/3 > maxSVG {
		d.miss("a picture that would make the drawing too large")
		return
	}
	data := "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(contents)
	fmt.Fprintf(&d.out, `<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" xlink:href="%s"/>`, num(box.x), num(box.y), num(box.w), num(box.h), data)
}

func (d *drawing) composite(object, style *ofd.Element, depth int) {
	unit := d.resources.composites[object.Attr("ResourceID")]
	if unit == nil {
		d.miss("a composite that is not there")
		return
	}
	d.place(object)
	d.objects(unit.Child("Content"), style, depth+1)
	d.out.WriteString("</g>")
}
