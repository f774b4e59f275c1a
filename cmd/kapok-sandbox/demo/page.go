package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// page prints for a terminal. The first error of the writer is kept.
type page struct {
	out    io.Writer
	colour bool
	err    error
}

// SGR codes (ECMA-48) of what is printed.
const (
	plain = ""
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
	blue  = "36"
)

// labelWidth is how many columns a line's label takes.
const labelWidth = 30

func (p *page) print(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format, args...)
	}
}

func (p *page) paint(code, text string) string {
	if !p.colour || code == plain || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// title opens a part.
func (p *page) title(number int, zh, en string) {
	p.print("\n%s %s\n", p.paint(bold, fmt.Sprintf("%d  %s", number, zh)), p.paint(dim, "· "+en))
}

// step opens a group of lines.
func (p *page) step(zh, en string) {
	p.print("\n  %s %s\n", p.paint(blue, "▸ "+zh), p.paint(dim, en))
}

// note is a remark in both languages.
func (p *page) note(zh, en string) {
	p.print("  %s\n  %s\n", p.paint(dim, zh), p.paint(dim, en))
}

// line prints a label in both languages and what it labels.
func (p *page) line(zh, en, value string) { p.marked(plain, zh, en, value) }

// marked is a line whose value has a colour.
func (p *page) marked(code, zh, en, value string) {
	p.print("    %s %s\n", pad(zh+" "+en, labelWidth), p.paint(code, value))
}

// more continues the value of the line before.
func (p *page) more(code, value string) {
	p.print("    %s %s\n", strings.Repeat(" ", labelWidth), p.paint(code, value))
}

// block prints text of several lines as it is, indented.
func (p *page) block(text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		p.print("      %s\n", strings.TrimRight(line, "\n"))
	}
}

// row prints cells under each other.
func (p *page) row(code string, widths []int, cells ...string) {
	var line strings.Builder
	for i, cell := range cells {
		if i < len(widths) {
			cell = pad(cell, widths[i])
		}
		line.WriteString(cell + "  ")
	}
	p.print("      %s\n", p.paint(code, strings.TrimRight(line.String(), " ")))
}

// pad fills text with spaces to a number of columns.
func pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-columnsOf(text)))
}

// columnsOf counts the columns that a terminal gives a text: two for Chinese.
func columnsOf(text string) int {
	columns := 0
	for _, letter := range text {
		columns += 1
		if unicode.In(letter, unicode.Han, wide) {
			columns++
		}
	}
	return columns
}

// wide are the punctuation marks and forms that come with Chinese: CJK symbols
// and full-width forms (Unicode Standard Annex 11, class W and F).
var wide = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x3000, Hi: 0x303f, Stride: 1}, {Lo: 0xff01, Hi: 0xff60, Stride: 1}}}

// pretty writes a JSON document with a line for each of its members.
func pretty(document any) string {
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return err.Error()
	}
	return innermost.ReplaceAllStringFunc(string(text), func(inner string) string {
		return strings.Join(strings.Fields(inner), " ")
	})
}

// innermost matches arrays and objects that hold plain values only.
var innermost = regexp.MustCompile(`[\[{][^\[\]{}]*[\]}]`)
