package licence

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"strings"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// ShowFor is how long a code may be scanned after it was shown.
const ShowFor = 60 * time.Second

// Code is a 用证码: what a person shows to be scanned once. Its text is a prefix and
// base64url of
//
//	10 bytes  random id
//	8 bytes   when it ends, Unix seconds, big-endian
//	64 bytes  SM2 signature r‖s over domain ‖ the 18 bytes, by the node's operational key
//
// It holds nothing of the person: whom it is about stands where it is kept.
type Code struct {
	ID        string // 16 letters and digits, base32; what is typed where nothing can be scanned
	Expires   time.Time
	signature []byte
}

const (
	codePrefix = "KPK1."
	codeID     = 10
	codeHead   = codeID + 8
	codeDomain = sm.Domain("kapok/presentation-code/v1")
)

// NewCode makes a code that ends a minute from now.
func NewCode(ctx context.Context, signer sm.Signer, now time.Time) (Code, error) {
	var id [codeID]byte
	rand.Read(id[:]) // never fails: it ends the program instead
	c := Code{ID: base32.StdEncoding.EncodeToString(id[:]), Expires: now.Add(ShowFor).UTC().Truncate(time.Second)}
	var err error
	c.signature, err = signer.Sign(ctx, codeDomain.Message(c.head()), sm.Raw)
	return c, err
}

func (c Code) head() []byte {
	id, _ := base32.StdEncoding.DecodeString(c.ID) // made or checked before
	return binary.BigEndian.AppendUint64(id, uint64(c.Expires.Unix()))
}

// Text is what the QR holds.
func (c Code) Text() string {
	return codePrefix + base64.RawURLEncoding.EncodeToString(append(c.head(), c.signature...))
}

// ParseCode reads a code; nothing of it is believed yet.
func ParseCode(text string) (Code, error) {
	encoded, found := strings.CutPrefix(text, codePrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !found || err != nil || len(raw) != codeHead+64 {
		return Code{}, gateway.Fail(gateway.Invalid, "presentation-unreadable", "This is not a code that Kapok shows.")
	}
	return Code{
		ID: base32.StdEncoding.EncodeToString(raw[:codeID]), Expires: time.Unix(int64(binary.BigEndian.Uint64(raw[codeID:codeHead])), 0).UTC(),
		signature: raw[codeHead:],
	}, nil
}

// TypedID reads the 16 letters and digits of a code's id as a person types or reads them
// out: in small letters, with blanks and hyphens between.
func TypedID(text string) (id string, typed bool) {
	id = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, text))
	return id, len(text) <= 40 && typedID.MatchString(id)
}

var typedID = regexp.MustCompile(`^[A-Z2-7]{16}$`)

// Verify checks the signature by the key that is said to have made it.
func (c Code) Verify(verifier *sm.Verifier, public *sm.PublicKey) error {
	return verifier.Verify("presentation", public, codeDomain.Message(c.head()), c.signature, sm.Raw)
}
