package licensing

import (
	"context"
	"strings"
	"time"

	"kapok/connectors"
	"kapok/gateway"
	"kapok/gateway/licence"
	"kapok/gateway/licence/ofd"
)

// copySeal is the name of the seal that annotated copies carry: they are the node's,
// not the issuer's. The issuer's own sealed file is attached, whole.
const (
	copySeal       = "annotated-copies"
	copySealHolder = "电子证照加注件专用章"
	copyTime       = "2006-01-02 15:04:05"
)

// Annotate makes an annotated copy (加注件) of the version that the note names.
func (f *Source) Annotate(ctx context.Context, subjectRef string, note connectors.CopyNote) ([]byte, error) {
	id, _, _ := strings.Cut(note.Licence, ".")
	l, err := f.service.Own(ctx, subjectRef, id)
	if err != nil {
		return nil, err
	}
	if l.StopID() != note.Licence || l.State != licence.Issued {
		return nil, gateway.Fail(gateway.Forbidden, "licence-abolished", "The licence was abolished or replaced by a newer version; it can no longer be used.")
	}
	original, err := f.service.File(ctx, l)
	if err != nil {
		return nil, err
	}
	return f.service.annotated(ctx, l, original, note)
}

func (s *Service) annotated(ctx context.Context, l Licence, original []byte, note connectors.CopyNote) ([]byte, error) {
	c := s.Catalog()
	kind, known := c.LicenceType(l.Kind)
	if !known {
		return nil, unknown()
	}
	item, _ := c.Item(kind.Item) // the loader checked the reference
	m := l.Metadata.With(map[licence.Element]string{
		licence.CopyMadeAt: beijing(note.Made), licence.CopyMadeBy: note.For, licence.CopyCause: note.Cause,
		licence.CopyExpiresAt: beijing(note.Until), licence.CopyCaseNo: note.CaseNo, licence.CopyServiceItem: note.ServiceItem,
	})
	custom, err := customOf(m)
	if err != nil {
		return nil, err
	}
	document, err := ofd.Draft{
		Title: m.Value(licence.Name) + "(加注件)", Author: note.For, Creator: "Kapok", Created: note.Made, Custom: custom,
		Pages:       []ofd.Page{{Width: pageWidth, Height: pageHeight, Content: append(content(item, l.Metadata), annotation(note)...)}},
		Attachments: []ofd.Attachment{{Name: "original.ofd", Format: "ofd", Data: original}},
	}.Encode()
	if err != nil {
		return nil, err
	}
	seal, err := s.sealNamed(ctx, copySeal, copySealHolder)
	if err != nil {
		return nil, err
	}
	return seal.put(ctx, document, ofd.Stamp{Page: 0, X: 28, Y: 200, Width: 30, Height: 30}, s.Now())
}

// annotation is the box on the page that says what the copy is for, and a line across
// the page.
func annotation(note connectors.CopyNote) []ofd.Object {
	red := ofd.Color{R: 190}
	objects := []ofd.Object{
		ofd.Rect(left-3, 196, 100, 42, 0.4, red),
		ofd.Text{X: 40, Y: 190, Size: 9, Angle: -30, Color: ofd.Color{R: 225, G: 190, B: 190}, Value: "加注件 仅供本案使用"},
	}
	for i, line := range []string{
		"加注件 仅供 " + note.For + " 使用",
		"事项 " + note.ServiceItem,
		"办件 " + note.CaseNo,
		"用途 " + note.Cause,
		"制作 " + beijing(note.Made),
		"有效至 " + beijing(note.Until),
	} {
		objects = append(objects, ofd.Text{X: left, Y: 202 + 6*float64(i), Size: 3.6, Color: red, Value: line})
	}
	return objects
}

func beijing(at time.Time) string { return at.In(licence.Beijing()).Format(copyTime) }

var _ connectors.Annotator = (*Source)(nil)
