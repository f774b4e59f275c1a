package pki

import (
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Name is a distinguished name, attribute by attribute in its own order. It may
// name a person: it belongs into answers, not into logs.
type Name []Attribute

// Attribute is one part of a [Name].
type Attribute struct {
	OID   string // dotted
	Value string // UTF-8
}

// CommonName is the last common name, or "".
func (n Name) CommonName() string { return n.last(oidCommonName) }

// Organization is the last organisation, or "".
func (n Name) Organization() string { return n.last(oidOrganization) }

func (n Name) last(contents string) string {
	wanted := dotted(contents)
	for i := len(n) - 1; i >= 0; i-- {
		if n[i].OID == wanted {
			return n[i].Value
		}
	}
	return ""
}

// readName reads what it can of a name and tells odd of the rest.
func readName(element cryptobyte.String, odd func(string)) Name {
	var sequence cryptobyte.String
	if !element.ReadASN1(&sequence, asn1.SEQUENCE) {
		odd("the name cannot be read")
		return nil
	}
	var name Name
	for !sequence.Empty() {
		var set cryptobyte.String
		if !sequence.ReadASN1(&set, asn1.SET) {
			odd("a part of the name cannot be read")
			return name
		}
		name = append(name, readAttributes(set, odd)...)
	}
	return name
}

func readAttributes(set cryptobyte.String, odd func(string)) Name {
	var name Name
	for !set.Empty() {
		var pair, oid, value cryptobyte.String
		var tag asn1.Tag
		if !set.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			!pair.ReadAnyASN1(&value, &tag) || !pair.Empty() {
			odd("a part of the name cannot be read")
			return name
		}
		text, remark := decodeText(tag, value)
		if remark != "" {
			odd(remark)
		}
		name = append(name, Attribute{OID: dotted(string(oid)), Value: strings.ToValidUTF8(text, "\uFFFD")})
	}
	return name
}
