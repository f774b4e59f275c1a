package pki

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// The spellings of a time, as DER has it first (RFC 5280, 4.1.2.5), then as met.
var timeLayouts = map[asn1.Tag][]string{
	asn1.UTCTime:         {"060102150405Z", "060102150405Z0700", "0601021504Z", "0601021504Z0700"},
	asn1.GeneralizedTime: {"20060102150405Z", "20060102150405Z0700", "20060102150405.999999999Z0700", "20060102150405"},
}

// readTime takes one time from life. odd tells of a spelling that DER forbids.
func readTime(life *cryptobyte.String) (moment time.Time, odd, ok bool) {
	var contents cryptobyte.String
	var tag asn1.Tag
	if !life.ReadAnyASN1(&contents, &tag) {
		return time.Time{}, false, false
	}
	for position, layout := range timeLayouts[tag] {
		parsed, err := time.Parse(layout, string(contents))
		if err == nil {
			return inCentury(tag, parsed.UTC()), position > 0, true
		}
	}
	return time.Time{}, false, false
}

// inCentury corrects Go's reading of two-digit years: for X.509, 50 to 99 are of
// the twentieth century (RFC 5280, 4.1.2.5.1), for Go 69 to 99.
func inCentury(tag asn1.Tag, parsed time.Time) time.Time {
	if tag == asn1.UTCTime && parsed.Year() >= 2050 {
		return parsed.AddDate(-100, 0, 0)
	}
	return parsed
}
