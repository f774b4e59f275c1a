package ofd

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Color is an opaque RGB colour; its zero value is black.
type Color struct{ R, G, B uint8 }

func (c Color) String() string { return fmt.Sprintf("%d %d %d", c.R, c.G, c.B) }

// Object is something drawn on a page: [Text], [Image] or [Path]. Lengths are mm,
// counted from the upper left corner of the page or annotation.
type Object interface{ draw(w *objectWriter) }

// Text is one line of text.
type Text struct {
	X, Y  float64 // left end of the baseline
	Size  float64 // height of a Chinese character
	Font  string  // a font every reader has: 宋体 (the default), 黑体, 楷体, 仿宋
	Bold  bool
	Color Color
	Alpha uint8   // 1 to 254: translucent, as watermarks are; 0 and 255: opaque
	Value string  // what it says, without line breaks
	Width float64 // where the text would be longer, it is set smaller; 0: as long as it is
	Angle float64 // degrees, clockwise about its beginning
}

// Image is a picture, stretched to its box.
type Image struct {
	X, Y, Width, Height float64
	Format              string // png or jpeg
	Data                []byte
}

// Path is a drawing in the syntax of GB/T 33190, 9.1 (S M L Q B A C), in mm from the
// upper left corner of its box.
type Path struct {
	X, Y, Width, Height float64
	Data                string
	Stroke, Fill        *Color // nil: not
	LineWidth           float64
}

// Line is a straight line.
func Line(x1, y1, x2, y2, width float64, color Color) Path {
	left, top := min(x1, x2), min(y1, y2)
	return Path{
		X: left, Y: top, Width: max(x1, x2) - left + width, Height: max(y1, y2) - top + width,
		Data:   fmt.Sprintf("M %s %s L %s %s", mm(x1-left), mm(y1-top), mm(x2-left), mm(y2-top)),
		Stroke: &color, LineWidth: width,
	}
}

// Rect is the outline of a rectangle.
func Rect(x, y, width, height, line float64, color Color) Path {
	return Path{
		X: x, Y: y, Width: width + line, Height: height + line,
		Data:   fmt.Sprintf("M 0 0 L %s 0 L %s %s L 0 %s C", mm(width), mm(width), mm(height), mm(height)),
		Stroke: &color, LineWidth: line,
	}
}

// mm writes a length with at most three decimals, a micrometre.
func mm(length float64) string {
	text := strings.TrimRight(fmt.Sprintf("%.3f", length), "0")
	if text = strings.TrimSuffix(text, "."); text == "-0" {
		return "0"
	}
	return text
}

func box(x, y, width, height float64) string {
	return mm(x) + " " + mm(y) + " " + mm(width) + " " + mm(height)
}

// advance is how far a character moves the next one, in heights of a character: a
// whole one for Chinese, half for what old fonts set in half.
func advance(r rune) float64 {
	if r < 0x2000 {
		return 0.5
	}
	return 1
}

// Length is how long the text is when set at its size, in mm.
func (t Text) Length() float64 {
	length := 0.0
	for _, r := range t.Value {
		length += advance(r) * t.Size
	}
	return length
}

func (t Text) draw(w *objectWriter) {
	if t.Value == "" {
		return
	}
	if length := t.Length(); t.Width > 0 && length > t.Width {
		t.Size *= t.Width / length
	}
	attributes := fmt.Sprintf(` ID="%d" Boundary="%s" Font="%d" Size="%s"`, w.id(), box(t.X, t.Y-t.Size, t.Length()+t.Size, t.Size*1.4), w.font(t.Font), mm(t.Size))
	if t.Bold {
		attributes += ` Weight="700"`
	}
	if t.Angle != 0 {
		attributes += ` CTM="` + rotation(t.Angle, t.Size) + `"`
	}
	if t.Alpha != 0 && t.Alpha != 255 {
		attributes += fmt.Sprintf(` Alpha="%d"`, t.Alpha)
	}
	w.raw("<ofd:TextObject" + attributes + `><ofd:FillColor Value="` + t.Color.String() + `"/><ofd:TextCode X="0" Y="` + mm(t.Size) + `"`)
	if utf8.RuneCountInString(t.Value) > 1 {
		w.raw(` DeltaX="` + deltas(t.Value, t.Size) + `"`)
	}
	w.raw(">")
	w.text(t.Value)
	w.raw("</ofd:TextCode></ofd:TextObject>")
}

// deltas are the distances from each character to the next.
func deltas(value string, size float64) string {
	var steps []string
	for _, r := range value {
		steps = append(steps, mm(advance(r)*size))
	}
	return strings.Join(steps[:len(steps)-1], " ")
}

func (i Image) draw(w *objectWriter) {
	fmt.Fprintf(&w.out, `<ofd:ImageObject ID="%d" Boundary="%s" CTM="%s 0 0 %s 0 0" ResourceID="%d"/>`,
		w.id(), box(i.X, i.Y, i.Width, i.Height), mm(i.Width), mm(i.Height), w.image(i.Format, i.Data))
}

func (p Path) draw(w *objectWriter) {
	fmt.Fprintf(&w.out, `<ofd:PathObject ID="%d" Boundary="%s" LineWidth="%s" Stroke="%t" Fill="%t">`,
		w.id(), box(p.X, p.Y, p.Width, p.Height), mm(p.LineWidth), p.Stroke != nil, p.Fill != nil)
	if p.Fill != nil {
		w.raw(`<ofd:FillColor Value="` + p.Fill.String() + `"/>`)
	}
	if p.Stroke != nil {
		w.raw(`<ofd:StrokeColor Value="` + p.Stroke.String() + `"/>`)
	}
	w.raw("<ofd:AbbreviatedData>")
	w.text(p.Data)
	w.raw("</ofd:AbbreviatedData></ofd:PathObject>")
}
