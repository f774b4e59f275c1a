package pki

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const (
	tagNumericString = asn1.Tag(18)
	tagVisibleString = asn1.Tag(26)
	tagBMPString     = asn1.Tag(30)
)

// The string types that allow only ASCII. Certificates in use hold Chinese in
// them all the same, as UTF-8 or as GB 18030.
var asciiStrings = map[asn1.Tag]string{
	asn1.PrintableString: "PrintableString",
	asn1.IA5String:       "IA5String",
	tagNumericString:     "NumericString",
	tagVisibleString:     "VisibleString",
	asn1.T61String:       "TeletexString",
}

// decodeText reads a string of a name. The remark is "" when the string is as
// its type asks.
func decodeText(tag asn1.Tag, contents []byte) (text, remark string) {
	if tag == asn1.UTF8String {
		return decodeUTF8(contents, "UTF8String")
	}
	if tag == tagBMPString {
		return decodeUTF16(contents)
	}
	label, known := asciiStrings[tag]
	if !known {
		return "", "a part of the name is of an unknown string type"
	}
	if isASCII(contents) {
		return string(contents), ""
	}
	return decodeChinese(contents, label)
}

func decodeUTF8(contents []byte, label string) (text, remark string) {
	if utf8.Valid(contents) {
		return string(contents), ""
	}
	return decodeChinese(contents, label)
}

func decodeChinese(contents []byte, label string) (text, remark string) {
	if utf8.Valid(contents) {
		return string(contents), label + " holds UTF-8 beyond ASCII"
	}
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(contents)
	if err != nil {
		return "", label + " holds bytes that cannot be read as text"
	}
	return string(decoded), label + " holds GB 18030"
}

func decodeUTF16(contents []byte) (text, remark string) {
	if len(contents)%2 != 0 {
		return "", "BMPString has an odd number of bytes"
	}
	units := make([]uint16, len(contents)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(contents[2*i:])
	}
	return string(utf16.Decode(units)), ""
}

func isASCII(contents []byte) bool {
	for _, b := range contents {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
