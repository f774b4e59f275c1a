package pki

import (
	"fmt"
	"slices"
	"time"
)

// Usage says what a certificate's key may do. One root may certify keys of every
// usage, so a check that leaves the usage out would take a department's signature
// for Kapok's own.
type Usage string

// The usages. Each but Authority and TimeStamping is an extended key usage under Kapok's own arc
// 2.25.185079505149225106439197064153411032899, an arc anybody may make from a
// random UUID (ITU-T X.667).
const (
	Authority   Usage = "authority"   // certifies other keys and signs revocation lists
	Operational Usage = "operational" // Kapok's own short-lived key: responses, receipts, checkpoints
	Department  Usage = "department"  // a department's system: requests and client assertions
	Seal        Usage = "seal"        // an electronic seal (GB/T 38540)

	// TimeStamping is for a time-stamp authority; its mark is the standard one,
	// id-kp-timeStamping, and critical (RFC 3161, 2.3).
	TimeStamping Usage = "time-stamping"
)

// MaxOperational is the longest life of an operational certificate.
const MaxOperational = 24 * time.Hour

const kapokArc = "\x69\x82\x96\xbd\x82\x87\xf0\xc9\xda\x8d\xcb\x9b\xd7\x9f\x9b\xbb\x8e\x8c\xae\x43"

// usageMarks are the extended key usages that carry each usage in a certificate.
var usageMarks = map[Usage]string{
	Operational: kapokArc + "\x01",
	Department:  kapokArc + "\x02",
	Seal:        kapokArc + "\x03",

	TimeStamping: "\x2b\x06\x01\x05\x05\x07\x03\x08", // 1.3.6.1.5.5.7.3.8
}

// KeyUsage holds the bits of RFC 5280, 4.2.1.3; bit 0 is digitalSignature.
type KeyUsage uint16

// The key usages that Kapok asks for.
const (
	DigitalSignature  KeyUsage = 1 << 0
	ContentCommitment KeyUsage = 1 << 1
	CertSign          KeyUsage = 1 << 5
	CRLSign           KeyUsage = 1 << 6
)

var keyUsages = map[Usage]KeyUsage{
	Authority:   CertSign | CRLSign,
	Operational: DigitalSignature,
	Department:  DigitalSignature,
	Seal:        DigitalSignature | ContentCommitment,

	TimeStamping: DigitalSignature | ContentCommitment,
}

// Usages lists the usages that can be certified.
func Usages() []Usage { return []Usage{Authority, Operational, Department, Seal, TimeStamping} }

// Known reports whether u is one of [Usages].
func (u Usage) Known() bool { return slices.Contains(Usages(), u) }

// RequireUsage returns [ErrUsage] unless the certificate is marked for u. A
// certificate of a foreign authority carries no mark of Kapok's and is refused.
func (c *Certificate) RequireUsage(u Usage) error {
	if err := c.readable(); err != nil {
		return err
	}
	if u == Authority {
		return c.requireAuthority(CertSign)
	}
	mark, known := usageMarks[u]
	if !known || c.IsCA || !slices.Contains(c.extendedUsages, mark) {
		return fmt.Errorf("%w: it is not marked %q", ErrUsage, u)
	}
	if c.KeyUsage&DigitalSignature == 0 {
		return fmt.Errorf("%w: its key usage lacks digitalSignature", ErrUsage)
	}
	return nil
}

func (c *Certificate) requireAuthority(bit KeyUsage) error {
	if !c.IsCA {
		return fmt.Errorf("%w: its basic constraints do not make it an authority", ErrUsage)
	}
	if c.KeyUsage&bit == 0 {
		return fmt.Errorf("%w: its key usage lacks the bit for this", ErrUsage)
	}
	return nil
}
