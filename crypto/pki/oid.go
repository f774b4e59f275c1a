package pki

import "crypto/x509"

// Object identifiers as DER holds them, without tag and length: so they are
// compared byte for byte and may be longer than an int.
const (
	oidSM3WithSM2  = "\x2a\x81\x1c\xcf\x55\x01\x83\x75" // 1.2.156.10197.1.501 (GB/T 33560)
	oidCurveSM2    = "\x2a\x81\x1c\xcf\x55\x01\x82\x2d" // 1.2.156.10197.1.301
	oidECPublicKey = "\x2a\x86\x48\xce\x3d\x02\x01"     // 1.2.840.10045.2.1

	oidCommonName   = "\x55\x04\x03"
	oidOrganization = "\x55\x04\x0a"

	oidSubjectKeyID     = "\x55\x1d\x0e"
	oidKeyUsage         = "\x55\x1d\x0f"
	oidSubjectAltName   = "\x55\x1d\x11"
	oidBasicConstraints = "\x55\x1d\x13"
	oidCRLNumber        = "\x55\x1d\x14"
	oidReasonCode       = "\x55\x1d\x15"
	oidInvalidityDate   = "\x55\x1d\x18"
	oidPolicies         = "\x55\x1d\x20"
	oidAuthorityKeyID   = "\x55\x1d\x23"
	oidExtendedKeyUsage = "\x55\x1d\x25"
)

// dotted writes an identifier for people; "" when it is not one.
func dotted(contents string) string {
	var oid x509.OID
	if err := oid.UnmarshalBinary([]byte(contents)); err != nil {
		return ""
	}
	return oid.String()
}
