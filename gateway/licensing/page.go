package licensing

import (
	"slices"
	"time"

	"kapok/catalog"
	"kapok/gateway/licence"
	"kapok/gateway/licence/ofd"
)

// A page of A4, upright, in mm.
const (
	pageWidth  = 210
	pageHeight = 297
	left       = 25
	valueLeft  = 75
	rowHeight  = 11
)

// draw writes a licence as an unsigned document: one page for people, and the metadata
// by the names that OFD files carry (ZZMC, ZZBS …).
func draw(item *catalog.Item, m licence.Metadata, at time.Time) ([]byte, error) {
	custom, err := customOf(m)
	if err != nil {
		return nil, err
	}
	draft := ofd.Draft{
		Title: m.Value(licence.Name), Author: m.Value(licence.IssuerName), Creator: "Kapok", Created: at, Custom: custom,
		Pages: []ofd.Page{{Width: pageWidth, Height: pageHeight, Content: content(item, m)}},
	}
	return draft.Encode()
}

func customOf(m licence.Metadata) ([]ofd.Custom, error) {
	pairs, err := m.Encode(licence.Pinyin)
	if err != nil {
		return nil, err
	}
	custom := make([]ofd.Custom, len(pairs))
	for i, pair := range pairs {
		custom[i] = ofd.Custom{Name: pair.Name, Value: pair.Value}
	}
	return custom, nil
}

func content(item *catalog.Item, m licence.Metadata) []ofd.Object {
	objects := []ofd.Object{
		ofd.Rect(12, 12, pageWidth-24, pageHeight-24, 0.6, ofd.Color{R: 160}),
		ofd.Text{X: 60, Y: 45, Size: 10, Bold: true, Value: m.Value(licence.Name)},
	}
	y := 70.0
	for _, row := range rows(item, m) {
		objects = append(objects,
			ofd.Text{X: left, Y: y, Size: 4.5, Value: row.label},
			ofd.Text{X: valueLeft, Y: y, Size: 4.5, Value: row.value})
		y += rowHeight
	}
	return append(objects,
		ofd.Text{X: 110, Y: 250, Size: 4.5, Value: m.Value(licence.IssuerName)},
		ofd.Text{X: 110, Y: 260, Size: 4.5, Value: m.Value(licence.IssuedOn)},
		ofd.Text{X: left, Y: 280, Size: 3, Value: "电子证照标识 " + m.Value(licence.IdentifierText)})
}

type row struct{ label, value string }

// printed are the elements that every page shows.
var printed = []struct {
	element licence.Element
	label   string
}{
	{licence.Number, "证照编号"}, {licence.HolderName, "持证主体"}, {licence.HolderTypeName, "证件类型"}, {licence.HolderCode, "证件号码"},
	{licence.EffectiveOn, "有效期起"}, {licence.ExpiresOn, "有效期止"}, {licence.InspectedUntil, "年检有效期止"},
}

func rows(item *catalog.Item, m licence.Metadata) []row {
	var out []row
	for _, one := range printed {
		if value := m.Value(one.element); value != "" {
			out = append(out, row{one.label, value})
		}
	}
	for _, field := range item.Fields {
		if value := m.Extended[field.SourceName]; value != "" {
			out = append(out, row{field.Label, value})
		}
	}
	const fits = 15
	return slices.Clip(out[:min(len(out), fits)])
}

// stampPlace is where the seal is put on a licence's page.
var stampPlace = ofd.Stamp{Page: 0, X: 120, Y: 232, Width: 40, Height: 40}
