package evidence

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// base is a signature base (RFC 9421 §2.5) taken apart. Its signature binds every
// byte, so that reading it leniently gives nobody a say.
type base struct {
	values  map[string]string // by the component's identifier as it is written, quotes included
	keyID   string
	created time.Time
}

var (
	keyIDParameter   = regexp.MustCompile(`;keyid="([^"\\]*)"`)
	createdParameter = regexp.MustCompile(`;created=([0-9]{1,15})(?:;|$)`)
)

const paramsComponent = `"@signature-params"`

func parseBase(text string) (base, error) {
	b := base{values: map[string]string{}}
	for line := range strings.SplitSeq(text, "\n") {
		name, value, found := strings.Cut(line, ": ")
		if _, twice := b.values[name]; !found || twice {
			return base{}, errors.New("the signature base cannot be read")
		}
		b.values[name] = value
	}
	// Within a quoted string a quote is escaped, so that neither pattern matches in one.
	params := b.values[paramsComponent]
	keyID, created := keyIDParameter.FindStringSubmatch(params), createdParameter.FindStringSubmatch(params)
	if keyID == nil || created == nil {
		return base{}, errors.New("the signature's parameters name no key or no time")
	}
	seconds, err := strconv.ParseInt(created[1], 10, 64)
	if err != nil {
		return base{}, errors.New("the signature's time cannot be read")
	}
	b.keyID, b.created = keyID[1], time.Unix(seconds, 0).UTC()
	return b, nil
}

// SignedBy is the key id (RFC 7638, SM3) that a release's message names.
func SignedBy(release []byte) (keyID string, err error) {
	message, err := ParseRelease(release)
	if err != nil {
		return "", err
	}
	signed, err := parseBase(message.Base)
	return signed.keyID, err
}
