package tif

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Skew is how far a caller's clock may be off, NonceLife how long a nonce must not
// come again.
const (
	Skew      = 180 * time.Second
	NonceLife = 10 * time.Minute
)

// The prefixes of the headers: of the real gateway and of its trial environment.
const (
	Prefix      = "x-tif-"
	TrialPrefix = "x-rio-"
)

// sign is UPPERHEX(SHA256(ts‖token‖nonce‖ts)).
func sign(ts, token, nonce string) string {
	return fmt.Sprintf("%X", sha256.Sum256([]byte(ts+token+nonce+ts)))
}

// signFor is the same for a call that the gateway makes for a person.
func signFor(ts, token, nonce, uid, info, ext string) string {
	if uid == "" {
		return sign(ts, token, nonce)
	}
	return fmt.Sprintf("%X", sha256.Sum256([]byte(ts+token+nonce+","+uid+","+info+","+ext+ts)))
}

// Proof is what a call says about itself in the gateway's headers.
type Proof struct {
	PaasID    string
	Timestamp time.Time
	Nonce     string // to be claimed once in [NonceLife] by whoever admits
	UID       string // the gateway's user, empty where there is none
	Signature string // hex as it came

	ts, info, ext string
}

// The ways in which a proof fails.
var (
	ErrMalformed = errors.New("tif: the gateway's headers are missing or malformed")
	ErrSkew      = errors.New("tif: the time is more than 180 seconds away")
	ErrSignature = errors.New("tif: the signature is not that of the token")
)

var (
	paasForm  = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	nonceForm = regexp.MustCompile(`^[\x21-\x7e]{6,64}$`)
)

// ReadProof reads the headers of one prefix. Each must be there at most once.
func ReadProof(header http.Header, prefix string) (Proof, error) {
	values := map[string]string{}
	for _, name := range []string{"paasid", "timestamp", "nonce", "signature", "uid", "uinfo", "ext"} {
		found := header.Values(prefix + name)
		if len(found) > 1 {
			return Proof{}, ErrMalformed
		}
		values[name] = strings.Join(found, "")
	}
	seconds, err := strconv.ParseInt(values["timestamp"], 10, 64)
	if err != nil || !paasForm.MatchString(values["paasid"]) || !nonceForm.MatchString(values["nonce"]) || len(values["signature"]) != 2*sha256.Size {
		return Proof{}, ErrMalformed
	}
	return Proof{
		PaasID: values["paasid"], Timestamp: time.Unix(seconds, 0), Nonce: values["nonce"], UID: values["uid"],
		Signature: values["signature"], ts: values["timestamp"], info: values["uinfo"], ext: values["ext"],
	}, nil
}

// Verify checks time and signature. The clients in use send either case of hex.
func (p Proof) Verify(token string, now time.Time) error {
	if now.Sub(p.Timestamp).Abs() > Skew {
		return ErrSkew
	}
	want := signFor(p.ts, token, p.Nonce, p.UID, p.info, p.ext)
	if token == "" || subtle.ConstantTimeCompare([]byte(strings.ToUpper(p.Signature)), []byte(want)) != 1 {
		return ErrSignature
	}
	return nil
}
