package eseal

import (
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// china is the zone of a time that names none: every maker writes local time then.
var china = time.FixedZone("UTC+8", 8*60*60)

// The spellings of a time in seals, as DER has it first.
var layouts = map[asn1.Tag][]string{
	asn1.GeneralizedTime: {"20060102150405Z", "20060102150405.999999999Z", "20060102150405Z0700", "20060102150405.999999999Z0700", "20060102150405.999999999", "200601021504Z"},
	asn1.UTCTime:         {"060102150405Z", "060102150405Z0700", "0601021504Z", "060102150405", "20060102150405Z", "20060102150405Z0700", "20060102150405"},
}

// readMoment takes a time of either type; each version of the standard asks for
// another, and makers mix them.
func (o *oddities) readMoment(in *cryptobyte.String, wanted asn1.Tag, part string) (time.Time, bool) {
	var contents cryptobyte.String
	var tag asn1.Tag
	if !in.ReadAnyASN1(&contents, &tag) || layouts[tag] == nil {
		return time.Time{}, false
	}
	if tag != wanted {
		o.note(part + " is of the other time type than the standard asks")
	}
	return o.parseMoment(string(contents), tag, part)
}

func (o *oddities) parseMoment(text string, tag asn1.Tag, part string) (time.Time, bool) {
	for position, layout := range layouts[tag] {
		zone := time.UTC
		if !strings.ContainsRune(layout, 'Z') {
			zone = china
		}
		moment, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		if position > 0 {
			o.note(part + " is not spelt as DER asks")
		}
		if zone == china {
			o.note(part + " names no zone and is read as Beijing time")
		}
		return inCentury(layout, moment).UTC(), true
	}
	return time.Time{}, false
}

// inCentury corrects Go's reading of two-digit years, as X.509 has them (RFC 5280,
// 4.1.2.5.1): 50 to 99 are of the twentieth century.
func inCentury(layout string, moment time.Time) time.Time {
	if strings.HasPrefix(layout, "0601") && moment.Year() >= 2050 {
		return moment.AddDate(-100, 0, 0)
	}
	return moment
}
