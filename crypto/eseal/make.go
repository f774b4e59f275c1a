package eseal

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// NewSeal asks for a seal of version 4 (GB/T 38540-2020, 6).
type NewSeal struct {
	Vendor       string // header.Vid, ASCII
	ID           string // esID, ASCII; unique with the maker
	Name         string
	Type         int      // 1 organisation, 2 person
	Certificates [][]byte // of those who may seal with it, DER; at least one

	Created, From, To time.Time // cut to whole seconds
	Picture           Picture   // png, jpg or ofd; its size in mm
}

// Make has the seal signed by its maker, whose key may be anywhere: what is signed is
// SES_SealInfo alone.
func (n NewSeal) Make(ctx context.Context, maker sm.Signer, makerCertificate []byte) ([]byte, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if err := belongs(makerCertificate, maker.Public()); err != nil {
		return nil, err
	}
	info, err := n.info()
	if err != nil {
		return nil, err
	}
	value, err := maker.Sign(ctx, info, sm.DER)
	if err != nil {
		return nil, fmt.Errorf("eseal: the maker's signature: %w", err)
	}
	return finish(info, makerCertificate, value)
}

func (n NewSeal) check() error {
	for _, field := range []struct{ part, value string }{{"the maker's mark", n.Vendor}, {"the seal's identifier", n.ID}, {"the picture's type", n.Picture.Type}} {
		if _, ascii := decode([]byte(field.value)); field.value == "" || !ascii {
			return missing(field.part + " is not ASCII text")
		}
	}
	if n.Name == "" || n.Type < 1 {
		return missing("the seal's name or kind")
	}
	if len(n.Certificates) == 0 || len(n.Certificates) > maxCertificates {
		return missing("the certificates of those who may seal")
	}
	if !n.From.Before(n.To) || n.Created.IsZero() {
		return missing("the seal's dates")
	}
	if len(n.Picture.Data) == 0 || n.Picture.Width < 1 || n.Picture.Height < 1 {
		return missing("the picture or its size")
	}
	return nil
}

// belongs refuses a certificate that is not of the signer's key: nobody could verify
// what it signs.
func belongs(certificate []byte, key *sm.PublicKey) error {
	parsed, err := pki.Parse(certificate)
	if err != nil {
		return err
	}
	certified, err := parsed.PublicKey()
	if err != nil {
		return err
	}
	if !certified.Equal(key) {
		return missing("the certificate is of another key than the signer's")
	}
	return nil
}

func (n NewSeal) info() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addText(b, asn1.IA5String, "ES")
			b.AddASN1Int64(V4)
			addText(b, asn1.IA5String, n.Vendor)
		})
		addText(b, asn1.IA5String, n.ID)
		b.AddASN1(asn1.SEQUENCE, n.addProperty)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addText(b, asn1.IA5String, n.Picture.Type)
			b.AddASN1OctetString(n.Picture.Data)
			b.AddASN1Int64(int64(n.Picture.Width))
			b.AddASN1Int64(int64(n.Picture.Height))
		})
	})
	return b.Bytes()
}

func (n NewSeal) addProperty(b *cryptobyte.Builder) {
	b.AddASN1Int64(int64(n.Type))
	addText(b, asn1.UTF8String, n.Name)
	b.AddASN1Int64(listOfCertificates)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, certificate := range n.Certificates {
			b.AddASN1OctetString(certificate)
		}
	})
	for _, moment := range []time.Time{n.Created, n.From, n.To} {
		b.AddASN1GeneralizedTime(moment.UTC())
	}
}

func addText(b *cryptobyte.Builder, tag asn1.Tag, text string) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
}

// finish puts certificate, algorithm and signature after what was signed: SESeal and
// SES_Signature of version 4 alike.
func finish(signed, certificate, value []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		b.AddASN1OctetString(certificate)
		b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(oidSM3WithSM2)) })
		b.AddASN1BitString(value)
	})
	return b.Bytes()
}

// ToSign is a signature of version 4 before it is signed (GB/T 38540-2020, 7).
type ToSign struct {
	Seal        []byte    // SESeal of version 4, DER
	Certificate []byte    // of who seals, DER; it must stand on the seal's list
	At          time.Time // cut to whole seconds
	DataHash    []byte    // SM3 of Signature.xml, 32 bytes
	Property    string    // path of Signature.xml in the container, ASCII
}

// Bytes returns TBS_Sign, DER: what is to be signed under the default id, in the form
// sm.DER.
func (t ToSign) Bytes() ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(V4)
		b.AddBytes(t.Seal)
		b.AddASN1GeneralizedTime(t.At.UTC())
		b.AddASN1BitString(t.DataHash)
		addText(b, asn1.IA5String, t.Property)
	})
	return b.Bytes()
}

func (t ToSign) check() error {
	seal, err := ParseSeal(t.Seal)
	if err != nil {
		return err
	}
	if seal.Version != V4 {
		return missing("the seal is not of version 4")
	}
	if allowed, _ := seal.Allows(t.Certificate); !allowed {
		return missing("the certificate is not on the seal's list")
	}
	if t.At.IsZero() || len(t.DataHash) != sm.Size {
		return missing("the time or the data hash")
	}
	if _, ascii := decode([]byte(t.Property)); t.Property == "" || !ascii {
		return missing("the property information is not ASCII text")
	}
	return nil
}

// Finish returns the SES_Signature with the signature of [ToSign.Bytes], in the form
// sm.DER.
func (t ToSign) Finish(signed, value []byte) ([]byte, error) {
	return finish(signed, t.Certificate, value)
}
