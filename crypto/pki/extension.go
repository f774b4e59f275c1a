package pki

import (
	"bytes"
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// eachExtension walks Extensions ::= SEQUENCE OF { OID, critical, OCTET STRING }.
func eachExtension(input cryptobyte.String, take func(oid string, critical bool, value cryptobyte.String)) error {
	var sequence cryptobyte.String
	if !input.ReadASN1(&sequence, asn1.SEQUENCE) || !input.Empty() {
		return malformed("the extensions")
	}
	for !sequence.Empty() {
		var extension, oid, value cryptobyte.String
		critical := false
		if !sequence.ReadASN1(&extension, asn1.SEQUENCE) || !extension.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
			return malformed("an extension")
		}
		if extension.PeekASN1Tag(asn1.BOOLEAN) && !extension.ReadASN1Boolean(&critical) {
			return malformed("an extension's critical flag")
		}
		if !extension.ReadASN1(&value, asn1.OCTET_STRING) || !extension.Empty() {
			return malformed("an extension's value")
		}
		take(string(oid), critical, value)
	}
	return nil
}

// extensionReaders are the extensions a chain depends on. One that is critical
// and stands not here makes the chain fail (RFC 5280, 4.2), name constraints too.
var extensionReaders = map[string]struct {
	name string
	read func(*Certificate, cryptobyte.String) bool
}{
	oidBasicConstraints: {"basicConstraints", (*Certificate).readBasicConstraints},
	oidKeyUsage:         {"keyUsage", (*Certificate).readKeyUsage},
	oidExtendedKeyUsage: {"extendedKeyUsage", (*Certificate).readExtendedUsages},
	oidSubjectKeyID:     {"subjectKeyIdentifier", (*Certificate).readSubjectKeyID},
	oidAuthorityKeyID:   {"authorityKeyIdentifier", (*Certificate).readIssuerKeyID},
}

// harmless may be critical: nothing that Kapok checks depends on them.
var harmless = map[string]bool{oidSubjectAltName: true, oidPolicies: true}

func (c *Certificate) takeExtension(oid string, critical bool, value cryptobyte.String) {
	if c.seen[oid] {
		c.block("an extension stands there twice: " + dotted(oid))
		return
	}
	c.seen[oid] = true
	reader, known := extensionReaders[oid]
	if known && !reader.read(c, value) {
		c.block(reader.name + " cannot be read")
	}
	if !known && critical && !harmless[oid] {
		c.block("a critical extension is not understood: " + dotted(oid))
	}
}

func (c *Certificate) readBasicConstraints(value cryptobyte.String) bool {
	var sequence cryptobyte.String
	if !value.ReadASN1(&sequence, asn1.SEQUENCE) || !value.Empty() {
		return false
	}
	if sequence.PeekASN1Tag(asn1.BOOLEAN) && !sequence.ReadASN1Boolean(&c.IsCA) {
		return false
	}
	if sequence.Empty() {
		return true
	}
	return sequence.ReadASN1Integer(&c.MaxPath) && c.MaxPath >= 0 && sequence.Empty()
}

func (c *Certificate) readKeyUsage(value cryptobyte.String) bool {
	var bitString cryptobyte.String
	if !value.ReadASN1(&bitString, asn1.BIT_STRING) || !value.Empty() || len(bitString) < 2 || len(bitString) > 3 {
		return false
	}
	// Bit 0 of the standard is the highest bit of the first byte.
	c.KeyUsage = KeyUsage(bits.Reverse8(bitString[1]))
	if len(bitString) == 3 {
		c.KeyUsage |= KeyUsage(bits.Reverse8(bitString[2])) << 8
	}
	return true
}

func (c *Certificate) readExtendedUsages(value cryptobyte.String) bool {
	var sequence cryptobyte.String
	if !value.ReadASN1(&sequence, asn1.SEQUENCE) || !value.Empty() {
		return false
	}
	for !sequence.Empty() {
		var oid cryptobyte.String
		if !sequence.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
			return false
		}
		c.extendedUsages = append(c.extendedUsages, string(oid))
	}
	return true
}

func (c *Certificate) readSubjectKeyID(value cryptobyte.String) bool {
	var id cryptobyte.String
	if !value.ReadASN1(&id, asn1.OCTET_STRING) || !value.Empty() {
		return false
	}
	c.SubjectKeyID = bytes.Clone(id)
	return true
}

func (c *Certificate) readIssuerKeyID(value cryptobyte.String) bool {
	id, ok := readAuthorityKeyID(value)
	c.IssuerKeyID = id
	return ok
}

// readAuthorityKeyID takes the key identifier; it may be absent, as an issuer's
// name and serial number may stand in its place.
func readAuthorityKeyID(value cryptobyte.String) ([]byte, bool) {
	var sequence, id cryptobyte.String
	var present bool
	if !value.ReadASN1(&sequence, asn1.SEQUENCE) || !value.Empty() {
		return nil, false
	}
	if !sequence.ReadOptionalASN1(&id, &present, asn1.Tag(0).ContextSpecific()) {
		return nil, false
	}
	return bytes.Clone(id), true
}
