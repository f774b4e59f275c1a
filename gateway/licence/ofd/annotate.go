package ofd

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"kapok/crypto/eseal"
)

// PageAnnotation is an annotation on a page; 0 is the first.
type PageAnnotation struct {
	Page int
	Annotation
}

// Change is what [Annotate] adds to a document.
type Change struct {
	At          time.Time
	Custom      []Custom // metadata; one of a name that is there already takes its place
	Annotations []PageAnnotation
	Attachments []Attachment
}

// Annotate makes a changed copy of a document. Its signatures could not hold in the
// copy and are left out; how its seals look stays, as annotations of type Stamp. Whoever
// needs the original as evidence attaches it. The copy is unsigned: see [Seal].
func Annotate(original *Container, change Change) ([]byte, error) {
	documents, err := original.Documents()
	if err != nil {
		return nil, err
	}
	if len(documents) != 1 || change.At.IsZero() {
		return nil, refuse(ErrInput, "a container of one document and a date are needed")
	}
	r := &revision{original: original, document: documents[0], change: change, replaced: map[string]bool{}, dropped: map[string]bool{}}
	for _, step := range []func() error{r.check, r.open, r.takeSeals, r.annotate, r.attach, r.changeRoot, r.changeDocument} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return writeZip(original, func(name string) bool { return !r.replaced[name] && !r.dropped[name] }, r.files, change.At)
}

// revision is a document being changed.
type revision struct {
	original *Container
	document Document
	change   Change
	pages    []PageRef
	body     *xmlFile // Document.xml
	used     *resources
	files    []file
	replaced map[string]bool
	dropped  map[string]bool
}

func (r *revision) check() error {
	for _, annotation := range r.change.Annotations {
		if err := annotation.check(); err != nil {
			return err
		}
	}
	return checkAttachments(r.change.Attachments)
}

func (r *revision) open() error {
	var err error
	if r.pages, err = r.original.Pages(r.document); err != nil {
		return err
	}
	if r.body, err = r.original.xmlFile(r.document.File); err != nil {
		return err
	}
	last, err := strconv.Atoi(r.body.root.Child("CommonData").ChildText("MaxUnitID"))
	if err != nil {
		last = 0
	}
	r.used = &resources{lastID: max(last, 0) + 1000} // makers forget to raise MaxUnitID
	return nil
}

func (r *revision) put(f file) {
	r.replaced[f.name] = true
	r.files = append(r.files, f)
}

// path is a file beside Document.xml that is not there yet.
func (r *revision) path(pattern string) string {
	for n := 0; ; n++ {
		name := path.Join(path.Dir(r.document.File), fmt.Sprintf(pattern, n))
		if !r.original.Has(name) && !r.replaced[name] {
			return name
		}
	}
}

// relative is how Document.xml names a file beside it.
func (r *revision) relative(name string) string { return "/" + name }

// takeSeals drops the signatures and keeps their seals' looks.
func (r *revision) takeSeals() error {
	listed, err := r.original.List(r.document)
	if err != nil {
		return err
	}
	if r.document.Signatures != "" {
		r.dropped[r.document.Signatures] = true
	}
	for _, entry := range listed {
		signature, err := r.original.Signature(entry)
		if err != nil {
			return err
		}
		for _, name := range []string{entry.File, signature.SignedValue, signature.Seal} {
			r.dropped[name] = true
		}
		r.keepLooks(signature)
	}
	return nil
}

// keepLooks draws a seal where it was seen. A signature that cannot be read has none.
func (r *revision) keepLooks(s *SignatureFile) {
	value, err := r.original.Read(s.SignedValue)
	if err != nil {
		return
	}
	signature, err := eseal.ParseSignature(value)
	if err != nil {
		return
	}
	for _, stamp := range s.Stamps {
		where, ok := parseBox(stamp.Boundary)
		page := r.pageNumber(stamp.PageID)
		if !ok || page < 0 {
			continue
		}
		r.change.Annotations = append(r.change.Annotations, PageAnnotation{page, Annotation{
			Type: "Stamp", Creator: "Kapok", At: r.change.At, Remark: signature.Seal.Name,
			X: where[0], Y: where[1], Width: where[2], Height: where[3], Content: looks(signature.Seal, where[2], where[3]),
		}})
	}
}

// looks is a seal's picture, or, where it is none that a page can hold, its name in a
// frame.
func looks(seal *eseal.Seal, width, height float64) []Object {
	kind := strings.ToLower(seal.Picture.Type)
	if kind == "jpg" {
		kind = "jpeg"
	}
	if kind == "png" || kind == "jpeg" {
		return []Object{Image{Width: width, Height: height, Format: kind, Data: seal.Picture.Data}}
	}
	red := Color{R: 200}
	return []Object{
		Rect(0.5, 0.5, width-1, height-1, 0.5, red),
		Text{X: 2, Y: height / 2, Size: 4, Width: width - 4, Color: red, Value: seal.Name},
	}
}

func (r *revision) pageNumber(id string) int {
	for number, page := range r.pages {
		if page.ID == id {
			return number
		}
	}
	return -1
}

// parseBox reads "x y w h", mm.
func parseBox(text string) (box [4]float64, ok bool) {
	fields := strings.Fields(text)
	if len(fields) != 4 {
		return box, false
	}
	for i, field := range fields {
		number, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return box, false
		}
		box[i] = number
	}
	return box, box[2] > 0 && box[3] > 0
}

// annotate writes the annotations: into the page's file where it has one.
func (r *revision) annotate() error {
	byPage := map[int]string{}
	for _, annotation := range r.change.Annotations {
		if annotation.Page < 0 || annotation.Page >= len(r.pages) {
			return refuse(ErrInput, "an annotation is on a page that is not there")
		}
		var w xmlWriter
		annotation.write(&w, r.used)
		byPage[annotation.Page] += w.out.String()
	}
	if len(byPage) == 0 {
		return nil
	}
	list, known, err := r.annotationList()
	if err != nil {
		return err
	}
	added := ""
	for number, page := range r.pages {
		markup := byPage[number]
		if markup == "" {
			continue
		}
		if existing := known[page.ID]; existing != "" {
			data, err := r.original.insert(existing, strings.ReplaceAll(markup, "<ofd:Annot ", "<ofd:Annot "+namespace+" "))
			if err != nil {
				return err
			}
			r.put(file{name: existing, data: data})
			continue
		}
		name := r.path("Annots/Kapok_%d/Annotation.xml")
		r.put(file{name: name, data: []byte(prologue + "<ofd:PageAnnot " + namespace + ">" + markup + "</ofd:PageAnnot>")})
		added += "<ofd:Page " + namespace + ` PageID="` + escaped(page.ID) + `"><ofd:FileLoc>` + r.relative(name) + "</ofd:FileLoc></ofd:Page>"
	}
	return r.putList(list, added, "Annotations", r.path("Annots/Annotations_%d.xml"), "CustomTags", "Attachments", "Extensions")
}

// annotationList is the path of Annotations.xml, "" when there is none, and the files
// that it names by their pages' IDs.
func (r *revision) annotationList() (string, map[string]string, error) {
	name, root, err := r.list("Annotations")
	known := map[string]string{}
	for _, page := range root.All("Page") {
		file, err := Resolve(name, page.ChildText("FileLoc"))
		if err != nil {
			return "", nil, err
		}
		known[page.Attr("PageID")] = file
	}
	return name, known, err
}

// list reads a list that Document.xml names; "" and nil when it names none.
func (r *revision) list(element string) (string, *Element, error) {
	location := r.body.root.ChildText(element)
	if location == "" {
		return "", nil, nil
	}
	name, err := Resolve(r.document.File, location)
	if err != nil {
		return "", nil, err
	}
	root, err := r.original.Element(name)
	return name, root, err
}

// putList adds entries to a list, or makes it and names it in Document.xml.
func (r *revision) putList(list, entries, element, free string, later ...string) error {
	if entries == "" {
		return nil
	}
	if list != "" {
		data, err := r.original.insert(list, entries)
		r.put(file{name: list, data: data})
		return err
	}
	r.put(file{name: free, data: []byte(prologue + "<ofd:" + element + " " + namespace + ">" + entries + "</ofd:" + element + ">")})
	return r.body.add(r.body.root, "<ofd:"+element+" "+namespace+">"+r.relative(free)+"</ofd:"+element+">", later...)
}

func (r *revision) attach() error {
	list, root, err := r.list("Attachments")
	if err != nil {
		return err
	}
	entries, first := "", len(root.All("Attachment"))+1
	for i, attachment := range r.change.Attachments {
		name := r.path("Attachs/kapok_%d." + strings.ReplaceAll(attachment.Format, "%", ""))
		r.put(file{name: name, data: attachment.Data, packed: packedFormats[strings.ToLower(attachment.Format)]})
		item := attachmentItem(first+i+1000, r.relative(name), attachment, r.change.At)
		entries += strings.Replace(item, "<ofd:Attachment ", "<ofd:Attachment "+namespace+" ", 1)
	}
	return r.putList(list, entries, "Attachments", r.path("Attachs/Attachments_%d.xml"), "Extensions")
}

// changeRoot takes the signatures out of OFD.xml and puts the metadata in.
func (r *revision) changeRoot() error {
	root, err := r.original.xmlFile(Root)
	if err != nil {
		return err
	}
	body := root.root.Child("DocBody")
	for _, signatures := range body.All("Signatures") {
		root.remove(signatures)
	}
	if err := r.addCustom(root, body.Child("DocInfo")); err != nil {
		return err
	}
	changed, err := root.file(r.original.limits)
	r.put(changed)
	return err
}

func (r *revision) addCustom(root *xmlFile, info *Element) error {
	if len(r.change.Custom) == 0 {
		return nil
	}
	known := info.Child("CustomDatas")
	if known == nil || known.end == known.after {
		if known != nil {
			root.remove(known)
		}
		return root.add(info, strings.Replace(customDatas(r.change.Custom), ">", " "+namespace+">", 1))
	}
	for _, old := range known.All("CustomData") {
		for _, custom := range r.change.Custom {
			if custom.Name == old.Attr("Name") {
				root.remove(old)
				break
			}
		}
	}
	return root.add(known, strings.ReplaceAll(customItems(r.change.Custom), "<ofd:CustomData ", "<ofd:CustomData "+namespace+" "))
}

// changeDocument names the new resources in Document.xml and raises MaxUnitID.
func (r *revision) changeDocument() error {
	common := r.body.root.Child("CommonData")
	if len(r.used.fonts)+len(r.used.images) > 0 {
		name := r.path("KapokRes_%d.xml")
		for _, f := range r.used.files(name, strings.TrimSuffix(path.Base(name), ".xml")) {
			r.put(f)
		}
		if err := r.body.add(common, "<ofd:DocumentRes "+namespace+">"+r.relative(name)+"</ofd:DocumentRes>", "TemplatePage", "DefaultCS"); err != nil {
			return err
		}
	}
	raised := fmt.Sprintf("<ofd:MaxUnitID %s>%d</ofd:MaxUnitID>", namespace, r.used.lastID)
	if known := common.Child("MaxUnitID"); known != nil {
		r.body.replace(known, raised)
	}
	changed, err := r.body.file(r.original.limits)
	r.put(changed)
	return err
}
