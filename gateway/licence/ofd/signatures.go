package ofd

import "strings"

// Listed is a signature as Signatures.xml lists it (GB/T 33190, 18.1).
type Listed struct {
	ID   string
	Type string // Seal or Sign; absent means Seal
	File string // path of Signature.xml, without leading slash
}

// List reads a document's Signatures.xml.
func (c *Container) List(d Document) ([]Listed, error) {
	if d.Signatures == "" {
		return nil, nil
	}
	root, err := c.Element(d.Signatures)
	if err != nil {
		return nil, err
	}
	var listed []Listed
	for _, entry := range root.All("Signature") {
		if len(listed) == c.limits.Signatures {
			return nil, refuse(ErrLimit, "there are more than %d signatures", c.limits.Signatures)
		}
		file, err := c.locate(d.Signatures, entry.Attr("BaseLoc"))
		if err != nil {
			return nil, err
		}
		kind := entry.Attr("Type")
		if kind == "" {
			kind = "Seal"
		}
		listed = append(listed, Listed{entry.Attr("ID"), kind, file})
	}
	return listed, nil
}

// SignatureFile is Signature.xml (GB/T 33190, 18.2) as it was read.
type SignatureFile struct {
	Raw    []byte // its bytes: what the data hash is of
	Listed Listed

	Method      string // SignatureMethod, as written
	Time        string // SignatureDateTime, as written
	Provider    string
	CheckMethod string // of all references, as written; "": none
	References  []Reference
	Stamps      []StampAnnot
	SignedValue string // path, without leading slash
	Seal        string // path of Seal.esl; "": it names none

	Oddities []string
}

// Reference is a file that the signature covers.
type Reference struct {
	File  string // path, without leading slash
	Check string // CheckValue, base64 as written
}

// StampAnnot says where a seal is seen.
type StampAnnot struct {
	PageID         string
	Boundary, Clip string // "x y w h", mm
}

// Signature reads one Signature.xml.
func (c *Container) Signature(l Listed) (*SignatureFile, error) {
	raw, err := c.Read(l.File)
	if err != nil {
		return nil, err
	}
	root, err := c.limits.parse(raw, l.File)
	if err != nil {
		return nil, err
	}
	info := root.Child("SignedInfo")
	if info == nil {
		return nil, refuse(ErrXML, "/%s has no SignedInfo", l.File)
	}
	s := &SignatureFile{
		Raw: raw, Listed: l,
		Method: info.ChildText("SignatureMethod"), Time: info.ChildText("SignatureDateTime"),
		Provider: strings.TrimSpace(info.Child("Provider").Attr("ProviderName") + " " + info.Child("Provider").Attr("Version")),
	}
	if s.SignedValue, err = c.locate(l.File, root.ChildText("SignedValue")); err != nil {
		return nil, err
	}
	if seal := info.Child("Seal"); seal != nil {
		if s.Seal, err = c.locate(l.File, seal.ChildText("BaseLoc")); err != nil {
			return nil, err
		}
	}
	for _, stamp := range info.All("StampAnnot") {
		s.Stamps = append(s.Stamps, StampAnnot{stamp.Attr("PageRef"), stamp.Attr("Boundary"), stamp.Attr("Clip")})
	}
	return s, c.readReferences(s, info.Child("References"))
}

func (c *Container) readReferences(s *SignatureFile, references *Element) error {
	all := references.All("Reference")
	if len(all) > c.limits.References {
		return refuse(ErrLimit, "the signature has more than %d references", c.limits.References)
	}
	s.CheckMethod = strings.TrimSpace(references.Attr("CheckMethod"))
	s.References = make([]Reference, len(all))
	for i, reference := range all {
		file, err := c.locate(s.Listed.File, reference.Attr("FileRef"))
		if err != nil {
			return err
		}
		s.References[i] = Reference{file, reference.ChildText("CheckValue")}
	}
	return nil
}

// locate resolves a location. Some makers leave the first slash out: where nothing
// stands beside the file, the location is read from the root.
func (c *Container) locate(file, location string) (string, error) {
	name, err := Resolve(file, location)
	if err != nil || c.Has(name) {
		return name, err
	}
	if fromRoot, err := cleanPath(strings.TrimSpace(location)); err == nil && c.Has(fromRoot) {
		return fromRoot, nil
	}
	return name, nil
}
