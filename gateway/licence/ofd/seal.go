package ofd

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"path"
	"time"

	"kapok/crypto/eseal"
	"kapok/crypto/sm"
)

// Sealing asks for one seal on a document.
type Sealing struct {
	Seal        []byte // SESeal of version 4, DER
	Certificate []byte // of who seals, DER; on the seal's list
	At          time.Time
	Stamps      []Stamp // where it is seen; none: nowhere
}

// Stamp is a place of a seal's picture, mm from the upper left corner of a page.
type Stamp struct {
	Page                int // 0 is the first
	X, Y, Width, Height float64
}

// Seal seals a document and returns it whole. signer is asked once.
func Seal(ctx context.Context, document []byte, s Sealing, signer sm.Signer) ([]byte, error) {
	prepared, err := Prepare(document, s)
	if err != nil {
		return nil, err
	}
	value, err := signer.Sign(ctx, prepared.ToSign(), sm.DER)
	if err != nil {
		return nil, fmt.Errorf("ofd: the seal's signature: %w", err)
	}
	return prepared.Finish(value)
}

// Prepared is a document that lacks nothing but the signature itself, so that many can
// be signed at once by a key that is far away.
type Prepared struct {
	original *Container
	replaced map[string]bool
	files    []file
	toSign   eseal.ToSign
	tbs      []byte
	value    string // path of SignedValue.dat
	at       time.Time
}

// ToSign returns what is to be signed with SM2 under the default id: TBS_Sign, DER.
func (p *Prepared) ToSign() []byte { return p.tbs }

// Finish takes the signature, in the form sm.DER, and returns the sealed document. It
// does not check the signature.
func (p *Prepared) Finish(signature []byte) ([]byte, error) {
	value, err := p.toSign.Finish(p.tbs, signature)
	if err != nil {
		return nil, err
	}
	files := append(p.files[:len(p.files):len(p.files)], file{name: p.value, data: value, packed: true})
	return writeZip(p.original, func(name string) bool { return !p.replaced[name] }, files, p.at)
}

// Prepare covers every file of the document but Signatures.xml, which the next seal
// would change, and writes all that sealing needs. The document may be sealed already;
// its seals go on to hold.
func Prepare(document []byte, s Sealing) (*Prepared, error) {
	c, err := Open(bytes.NewReader(document), int64(len(document)), Limits{})
	if err != nil {
		return nil, err
	}
	documents, err := c.Documents()
	if err != nil {
		return nil, err
	}
	if len(documents) != 1 {
		return nil, refuse(ErrInput, "only a container of one document is sealed")
	}
	p := &Prepared{original: c, replaced: map[string]bool{}, at: s.At}
	return p, p.prepare(documents[0], s)
}

func (p *Prepared) prepare(d Document, s Sealing) error {
	listed, err := p.original.List(d)
	if err != nil {
		return err
	}
	folder := p.freeFolder(path.Dir(d.File) + "/Signs")
	signature, seal := folder+"/Signature.xml", folder+"/Seal.esl"
	p.value = folder + "/SignedValue.dat"
	if err := p.addToList(&d, signature, len(listed)); err != nil {
		return err
	}
	p.put(file{name: seal, data: s.Seal, packed: true})
	text, err := p.signature(d, s, seal)
	if err != nil {
		return err
	}
	p.put(file{name: signature, data: text})
	hash := sm.Sum(text)
	p.toSign = eseal.ToSign{Seal: s.Seal, Certificate: s.Certificate, At: s.At, DataHash: hash[:], Property: "/" + signature}
	p.tbs, err = p.toSign.Bytes()
	return err
}

func (p *Prepared) put(f file) {
	p.replaced[f.name] = true
	p.files = append(p.files, f)
}

// freeFolder is the first Sign_N that no file stands in.
func (p *Prepared) freeFolder(parent string) string {
	for n := 0; ; n++ {
		folder := fmt.Sprintf("%s/Sign_%d", parent, n)
		if !p.original.Has(folder+"/Signature.xml") && !p.original.Has(folder+"/SignedValue.dat") && !p.original.Has(folder+"/Seal.esl") {
			return folder
		}
	}
}

// addToList adds the new signature to Signatures.xml, or makes one and names it in
// OFD.xml.
func (p *Prepared) addToList(d *Document, signature string, known int) error {
	entry := fmt.Sprintf(`<ofd:Signature %s ID="%s" Type="Seal" BaseLoc="/%s"/>`, namespace, signatureID(known), escaped(signature))
	if d.Signatures != "" {
		return p.extendList(d.Signatures, entry, signatureID(known))
	}
	d.Signatures = path.Dir(d.File) + "/Signs/Signatures.xml"
	root, err := p.original.insert(Root, "<ofd:Signatures "+namespace+">/"+escaped(d.Signatures)+"</ofd:Signatures>", "DocBody")
	if err != nil {
		return err
	}
	p.put(file{name: Root, data: root})
	p.put(file{name: d.Signatures, data: []byte(prologue + "<ofd:Signatures " + namespace + "><ofd:MaxSignId>" + signatureID(known) + "</ofd:MaxSignId>" + entry + "</ofd:Signatures>")})
	return nil
}

func (p *Prepared) extendList(name, entry, last string) error {
	list, err := p.original.xmlFile(name)
	if err != nil {
		return err
	}
	if known := list.root.Child("MaxSignId"); known != nil {
		list.replace(known, "<ofd:MaxSignId "+namespace+">"+last+"</ofd:MaxSignId>")
	}
	if err := list.add(list.root, entry); err != nil {
		return err
	}
	changed, err := list.file(p.original.limits)
	p.put(changed)
	return err
}

func signatureID(known int) string { return fmt.Sprintf("s%03d", known+1) }

// signature writes Signature.xml.
func (p *Prepared) signature(d Document, s Sealing, seal string) ([]byte, error) {
	var w xmlWriter
	w.raw(prologue + "<ofd:Signature " + namespace + "><ofd:SignedInfo>")
	w.raw(`<ofd:Provider ProviderName="Kapok" Company="Kapok" Version="1"/><ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>`)
	w.element("SignatureDateTime", secondOf(s.At))
	if err := p.references(&w, d.Signatures); err != nil {
		return nil, err
	}
	if err := p.stamps(&w, d, s.Stamps); err != nil {
		return nil, err
	}
	w.raw("<ofd:Seal>")
	w.element("BaseLoc", "/"+seal)
	w.raw("</ofd:Seal></ofd:SignedInfo>")
	w.element("SignedValue", "/"+p.value)
	w.raw("</ofd:Signature>")
	return w.out.Bytes(), nil
}

func (p *Prepared) references(w *xmlWriter, list string) error {
	w.raw(`<ofd:References CheckMethod="1.2.156.10197.1.401">`)
	for _, name := range p.original.names {
		if name == list || p.replaced[name] {
			continue
		}
		hash, err := p.original.Hash(name)
		if err != nil {
			return err
		}
		addReference(w, name, hash)
	}
	for _, file := range p.files {
		if file.name != list {
			addReference(w, file.name, sm.Sum(file.data))
		}
	}
	w.raw("</ofd:References>")
	return nil
}

func addReference(w *xmlWriter, name string, hash [sm.Size]byte) {
	w.raw(`<ofd:Reference FileRef="/` + escaped(name) + `"><ofd:CheckValue>` + base64.StdEncoding.EncodeToString(hash[:]) + "</ofd:CheckValue></ofd:Reference>")
}

func (p *Prepared) stamps(w *xmlWriter, d Document, stamps []Stamp) error {
	if len(stamps) == 0 {
		return nil
	}
	pages, err := p.original.Pages(d)
	if err != nil {
		return err
	}
	for i, stamp := range stamps {
		if stamp.Page < 0 || stamp.Page >= len(pages) {
			return refuse(ErrInput, "a stamp is on a page that is not there")
		}
		fmt.Fprintf(&w.out, `<ofd:StampAnnot ID="stamp%s_%d" PageRef="%s" Boundary="%s"/>`,
			path.Base(path.Dir(p.value))[len("Sign_"):], i, escaped(pages[stamp.Page].ID), box(stamp.X, stamp.Y, stamp.Width, stamp.Height))
	}
	return nil
}
