package eseal

import "crypto/x509"

// Object identifiers as DER holds them, without tag and length.
const (
	oidSM3WithSM2 = "\x2a\x81\x1c\xcf\x55\x01\x83\x75"     // 1.2.156.10197.1.501 (GB/T 33560)
	oidSM2Sign    = "\x2a\x81\x1c\xcf\x55\x01\x82\x2d\x01" // 1.2.156.10197.1.301.1
	oidSM2        = "\x2a\x81\x1c\xcf\x55\x01\x82\x2d"     // 1.2.156.10197.1.301
	oidSM3        = "\x2a\x81\x1c\xcf\x55\x01\x83\x11"     // 1.2.156.10197.1.401

	oidData       = "\x2a\x81\x1c\xcf\x55\x06\x01\x04\x02\x01" // 1.2.156.10197.6.1.4.2.1 (GB/T 35275)
	oidSignedData = "\x2a\x81\x1c\xcf\x55\x06\x01\x04\x02\x02" // 1.2.156.10197.6.1.4.2.2

	oidMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04" // PKCS #9
	oidSigningTime   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"
)

// dotted writes an identifier for people; "" when it is not one.
func dotted(contents []byte) string {
	var oid x509.OID
	if err := oid.UnmarshalBinary(contents); err != nil {
		return ""
	}
	return oid.String()
}
