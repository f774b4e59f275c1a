package eseal

import (
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxLength bounds a seal, a signature or a SignedData, in bytes. Their pictures are
// drawings of some ten kilobytes; 16 MiB is beyond any.
const maxLength = 16 << 20

var tagExplicit0 = asn1.Tag(0).ContextSpecific().Constructed()

// oddities collects what breaks a standard and was read all the same.
type oddities []string

func (o *oddities) note(what string) {
	for _, known := range *o {
		if known == what {
			return
		}
	}
	*o = append(*o, what)
}

// sequence opens the one SEQUENCE that input must consist of, and returns its bytes
// with and without the header.
func sequence(input []byte, part string) (raw []byte, inner cryptobyte.String, err error) {
	if len(input) > maxLength {
		return nil, nil, malformed(part + " is longer than 16 MiB")
	}
	in := cryptobyte.String(input)
	var element cryptobyte.String
	if !in.ReadASN1Element(&element, asn1.SEQUENCE) || !in.Empty() {
		return nil, nil, malformed(part + " is not one DER sequence")
	}
	raw = element
	element.ReadASN1(&inner, asn1.SEQUENCE)
	return raw, inner, nil
}

// The string types met where a standard asks for IA5String or UTF8String.
var stringTags = map[asn1.Tag]bool{
	asn1.IA5String: true, asn1.UTF8String: true, asn1.PrintableString: true, asn1.Tag(26): true, asn1.T61String: true,
}

// readText takes a string. Another string type than wanted, or bytes that the type
// forbids, are read as UTF-8 or else GB 18030 and noted.
func (o *oddities) readText(in *cryptobyte.String, wanted asn1.Tag, part string) (string, bool) {
	var contents cryptobyte.String
	var tag asn1.Tag
	if !in.ReadAnyASN1(&contents, &tag) || !stringTags[tag] {
		return "", false
	}
	if tag != wanted {
		o.note(part + " is of another string type than the standard asks")
	}
	text, plain := decode(contents)
	if !plain && tag != asn1.UTF8String {
		o.note(part + " holds more than ASCII")
	}
	return text, true
}

func decode(contents []byte) (text string, ascii bool) {
	if utf8.Valid(contents) {
		return string(contents), len(contents) == utf8.RuneCount(contents)
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().String(string(contents))
	if err != nil {
		return "\uFFFD", false
	}
	return text, false
}

// readBits takes a BIT STRING of whole bytes. Makers also write an OCTET STRING.
func (o *oddities) readBits(in *cryptobyte.String, part string) ([]byte, bool) {
	if in.PeekASN1Tag(asn1.OCTET_STRING) {
		o.note(part + " is an OCTET STRING in place of a BIT STRING")
		return readBytes(in)
	}
	var contents []byte
	ok := in.ReadASN1BitStringAsBytes(&contents)
	return contents, ok
}

func readBytes(in *cryptobyte.String) ([]byte, bool) {
	var contents []byte
	ok := in.ReadASN1Bytes(&contents, asn1.OCTET_STRING)
	return contents, ok
}
