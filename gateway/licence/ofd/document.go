package ofd

// Root is the entry point of every container.
const Root = "OFD.xml"

// Custom is one of the document's own metadata (CustomData).
type Custom struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Document is one document of a container, as OFD.xml tells of it (GB/T 33190, 7.4).
type Document struct {
	ID, Title, Author, Subject, Abstract string
	Created, Modified                    string // as written
	Creator, CreatorVersion              string // the program
	Custom                               []Custom

	File       string // path of Document.xml, without leading slash
	Signatures string // path of Signatures.xml; "": the document is not signed
}

// Documents reads OFD.xml.
func (c *Container) Documents() ([]Document, error) {
	root, err := c.Element(Root)
	if err != nil {
		return nil, err
	}
	bodies := root.All("DocBody")
	if root.Name != "OFD" || len(bodies) == 0 {
		return nil, refuse(ErrXML, "/%s names no document", Root)
	}
	if len(bodies) > c.limits.Documents {
		return nil, refuse(ErrLimit, "there are more than %d documents", c.limits.Documents)
	}
	documents := make([]Document, len(bodies))
	for i, body := range bodies {
		if documents[i], err = readBody(body); err != nil {
			return nil, err
		}
	}
	return documents, nil
}

func readBody(body *Element) (Document, error) {
	info := body.Child("DocInfo")
	document := Document{
		ID: info.ChildText("DocID"), Title: info.ChildText("Title"), Author: info.ChildText("Author"),
		Subject: info.ChildText("Subject"), Abstract: info.ChildText("Abstract"),
		Created: info.ChildText("CreationDate"), Modified: info.ChildText("ModDate"),
		Creator: info.ChildText("Creator"), CreatorVersion: info.ChildText("CreatorVersion"),
	}
	for _, custom := range info.Child("CustomDatas").All("CustomData") {
		document.Custom = append(document.Custom, Custom{custom.Attr("Name"), custom.Text})
	}
	var err error
	if document.File, err = Resolve(Root, body.ChildText("DocRoot")); err != nil {
		return document, err
	}
	if signatures := body.Child("Signatures"); signatures != nil {
		document.Signatures, err = Resolve(Root, signatures.Text)
	}
	return document, err
}

// PageRef is a page as Document.xml lists it.
type PageRef struct {
	ID   string
	File string // path of its Content.xml, without leading slash
}

// Pages lists the pages of a document, first to last.
func (c *Container) Pages(d Document) ([]PageRef, error) {
	root, err := c.Element(d.File)
	if err != nil {
		return nil, err
	}
	var pages []PageRef
	for _, page := range root.Child("Pages").All("Page") {
		file, err := Resolve(d.File, page.Attr("BaseLoc"))
		if err != nil {
			return nil, err
		}
		pages = append(pages, PageRef{page.Attr("ID"), file})
	}
	return pages, nil
}
