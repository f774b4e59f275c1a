package ofd

import (
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"time"

	"kapok/crypto/sm"
)

// Draft is a document to be written. Its zero value but for Created and one page is
// enough.
type Draft struct {
	ID                              string // 32 hexadecimal digits; "": made from the contents
	Title, Author, Subject, Creator string
	Created                         time.Time
	Custom                          []Custom // metadata, in this order
	Pages                           []Page
	Attachments                     []Attachment
}

// Page is a page to be written; its sizes are mm.
type Page struct {
	Width, Height float64
	Content       []Object
	Annotations   []Annotation // above the content
}

// Annotation stands above a page without being part of it (GB/T 33190, 15). Its
// content's coordinates count from its own upper left corner.
type Annotation struct {
	Type                string // Link, Path, Highlight, Stamp or Watermark
	Creator             string
	At                  time.Time
	Remark              string   // for people
	Parameters          []Custom // for machines
	X, Y, Width, Height float64
	Content             []Object
}

// Attachment is a file carried along (GB/T 33190, 20).
type Attachment struct {
	Name   string // what a reader shows
	Format string // the extension: ofd, json, xml, …
	Data   []byte
}

const (
	documentFolder = "Doc_0"
	documentFile   = documentFolder + "/Document.xml"
)

// Encode writes the document, unsigned. The same draft gives the same bytes.
func (d Draft) Encode() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	used := &resources{}
	var files []file
	pageIDs := make([]string, len(d.Pages))
	for i, page := range d.Pages {
		pageIDs[i] = fmt.Sprint(used.id())
		files = append(files, file{name: pageFile(i), data: page.content(used)})
	}
	var annotated []PageAnnotation
	for i, page := range d.Pages {
		for _, annotation := range page.Annotations {
			annotated = append(annotated, PageAnnotation{i, annotation})
		}
	}
	files = append(files, annotationFiles(documentFolder+"/Annots", used, pageIDs, annotated)...)
	files = append(files, attachmentFiles(documentFolder+"/Attachs", d.Attachments, d.Created, 0)...)
	files = append(files, used.files(documentFolder+"/DocumentRes.xml", "Res")...)
	files = append(files, file{name: documentFile, data: d.document(used.lastID, pageIDs, len(annotated) > 0)})
	files = append([]file{{name: Root, data: d.root(files)}}, files...)
	return writeZip(nil, nil, files, d.Created)
}

func (d Draft) check() error {
	if d.Created.IsZero() || len(d.Pages) == 0 {
		return refuse(ErrInput, "a document has a date and at least one page")
	}
	for _, page := range d.Pages {
		if page.Width <= 0 || page.Height <= 0 {
			return refuse(ErrInput, "a page has a size")
		}
		for _, annotation := range page.Annotations {
			if err := annotation.check(); err != nil {
				return err
			}
		}
	}
	return checkAttachments(d.Attachments)
}

// annotationTypes are those of GB/T 33190, table 61.
var annotationTypes = map[string]bool{"Link": true, "Path": true, "Highlight": true, "Stamp": true, "Watermark": true}

func (a Annotation) check() error {
	if !annotationTypes[a.Type] || a.At.IsZero() {
		return refuse(ErrInput, "an annotation has a type of the standard and a date")
	}
	return nil
}

func checkAttachments(attachments []Attachment) error {
	for _, attachment := range attachments {
		if attachment.Name == "" || path.Base(attachment.Format) != attachment.Format {
			return refuse(ErrInput, "an attachment has a name and a format")
		}
	}
	return nil
}

func pageFile(number int) string {
	return fmt.Sprintf("%s/Pages/Page_%d/Content.xml", documentFolder, number)
}

func (p Page) content(used *resources) []byte {
	var w xmlWriter
	w.raw(prologue + "<ofd:Page " + namespace + "><ofd:Area><ofd:PhysicalBox>" + box(0, 0, p.Width, p.Height) + "</ofd:PhysicalBox></ofd:Area>")
	fmt.Fprintf(&w.out, `<ofd:Content><ofd:Layer ID="%d" Type="Body">`, used.id())
	w.raw(used.drawn(p.Content) + "</ofd:Layer></ofd:Content></ofd:Page>")
	return w.out.Bytes()
}

func (d Draft) document(lastID int, pageIDs []string, annotated bool) []byte {
	var w xmlWriter
	first := d.Pages[0]
	w.raw(prologue + "<ofd:Document " + namespace + ">")
	fmt.Fprintf(&w.out, `<ofd:CommonData><ofd:MaxUnitID>%d</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>%s</ofd:PhysicalBox></ofd:PageArea><ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes></ofd:CommonData><ofd:Pages>`,
		lastID, box(0, 0, first.Width, first.Height))
	for i, id := range pageIDs {
		fmt.Fprintf(&w.out, `<ofd:Page ID="%s" BaseLoc="Pages/Page_%d/Content.xml"/>`, id, i)
	}
	w.raw("</ofd:Pages>")
	if annotated {
		w.element("Annotations", "Annots/Annotations.xml")
	}
	if len(d.Attachments) > 0 {
		w.element("Attachments", "Attachs/Attachments.xml")
	}
	w.raw("</ofd:Document>")
	return w.out.Bytes()
}

// root writes OFD.xml. Without an ID of its own, the document is named by the SM3 of
// what it holds.
func (d Draft) root(files []file) []byte {
	if d.ID == "" {
		parts := [][]byte{[]byte(d.Title), []byte(secondOf(d.Created))}
		for _, custom := range d.Custom {
			parts = append(parts, []byte(custom.Name), []byte(custom.Value))
		}
		for _, file := range files {
			parts = append(parts, file.data)
		}
		sum := sm.Sum(parts...)
		d.ID = hex.EncodeToString(sum[:16])
	}
	var w xmlWriter
	w.raw(prologue + "<ofd:OFD " + namespace + ` Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocInfo>`)
	for _, field := range []Custom{
		{"DocID", d.ID}, {"Title", d.Title}, {"Author", d.Author}, {"Subject", d.Subject},
		{"CreationDate", dateOf(d.Created)}, {"Creator", d.Creator},
	} {
		w.element(field.Name, field.Value)
	}
	w.raw(customDatas(d.Custom))
	w.raw("</ofd:DocInfo><ofd:DocRoot>" + documentFile + "</ofd:DocRoot></ofd:DocBody></ofd:OFD>")
	return w.out.Bytes()
}

func customDatas(custom []Custom) string {
	if len(custom) == 0 {
		return ""
	}
	return "<ofd:CustomDatas>" + customItems(custom) + "</ofd:CustomDatas>"
}

func customItems(custom []Custom) string {
	var w strings.Builder
	for _, item := range custom {
		fmt.Fprintf(&w, `<ofd:CustomData Name="%s">%s</ofd:CustomData>`, escaped(item.Name), escaped(item.Value))
	}
	return w.String()
}

// annotationFiles writes an Annotations.xml in folder and one file for each page that
// has any.
func annotationFiles(folder string, used *resources, pageIDs []string, annotations []PageAnnotation) []file {
	if len(annotations) == 0 {
		return nil
	}
	var list xmlWriter
	var files []file
	list.raw(prologue + "<ofd:Annotations " + namespace + ">")
	for number, id := range pageIDs {
		data := annotationFile(number, used, annotations)
		if data == nil {
			continue
		}
		name := fmt.Sprintf("Page_%d/Annotation.xml", number)
		fmt.Fprintf(&list.out, `<ofd:Page PageID="%s"><ofd:FileLoc>%s</ofd:FileLoc></ofd:Page>`, escaped(id), name)
		files = append(files, file{name: folder + "/" + name, data: data})
	}
	list.raw("</ofd:Annotations>")
	return append(files, file{name: folder + "/Annotations.xml", data: list.out.Bytes()})
}

func annotationFile(page int, used *resources, annotations []PageAnnotation) []byte {
	var w xmlWriter
	w.raw(prologue + "<ofd:PageAnnot " + namespace + ">")
	some := false
	for _, annotation := range annotations {
		if annotation.Page == page {
			some = true
			annotation.write(&w, used)
		}
	}
	if !some {
		return nil
	}
	w.raw("</ofd:PageAnnot>")
	return w.out.Bytes()
}

func (a Annotation) write(w *xmlWriter, used *resources) {
	fmt.Fprintf(&w.out, `<ofd:Annot ID="%d" Type="%s" Creator="%s" LastModDate="%s" Visible="true" Print="true" ReadOnly="true">`,
		used.id(), a.Type, escaped(a.Creator), dateOf(a.At))
	w.element("Remark", a.Remark)
	if len(a.Parameters) > 0 {
		w.raw("<ofd:Parameters>")
		for _, parameter := range a.Parameters {
			w.raw(`<ofd:Parameter Name="` + escaped(parameter.Name) + `">` + escaped(parameter.Value) + "</ofd:Parameter>")
		}
		w.raw("</ofd:Parameters>")
	}
	w.raw(`<ofd:Appearance Boundary="` + box(a.X, a.Y, a.Width, a.Height) + `">` + used.drawn(a.Content) + "</ofd:Appearance></ofd:Annot>")
}

// attachmentFiles writes an Attachments.xml in folder, numbering from first.
func attachmentFiles(folder string, attachments []Attachment, at time.Time, first int) []file {
	if len(attachments) == 0 {
		return nil
	}
	files := make([]file, 0, len(attachments)+1)
	var w xmlWriter
	w.raw(prologue + "<ofd:Attachments " + namespace + ">")
	for i, attachment := range attachments {
		name := attachmentName(first+i, attachment.Format)
		w.raw(attachmentItem(first+i, name, attachment, at))
		files = append(files, file{name: folder + "/" + name, data: attachment.Data, packed: packedFormats[strings.ToLower(attachment.Format)]})
	}
	w.raw("</ofd:Attachments>")
	return append(files, file{name: folder + "/Attachments.xml", data: w.out.Bytes()})
}

func attachmentName(number int, format string) string {
	return fmt.Sprintf("attachment_%d.%s", number, format)
}

func attachmentItem(number int, name string, attachment Attachment, at time.Time) string {
	return fmt.Sprintf(`<ofd:Attachment ID="A%d" Name="%s" Format="%s" CreationDate="%s" Size="%s" Visible="true"><ofd:FileLoc>%s</ofd:FileLoc></ofd:Attachment>`,
		number, escaped(attachment.Name), escaped(strings.ToUpper(attachment.Format)), at.In(beijing).Format("2006-01-02T15:04:05"), mm(float64(len(attachment.Data))/1024), escaped(name))
}

// packedFormats are compressed in themselves.
var packedFormats = map[string]bool{"ofd": true, "pdf": true, "png": true, "jpg": true, "jpeg": true, "zip": true}
