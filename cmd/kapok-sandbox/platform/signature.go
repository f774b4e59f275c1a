package platform

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"
)

// window is how far a request's time may lie from ours.
const window = 5 * time.Minute

// proof is what a request says about itself, in its body at the key exchange
// and in its headers at a call.
type proof struct {
	RID   string `json:"gjgxjhpt_rid"`
	SID   string `json:"gjgxjhpt_sid"`
	RTime string `json:"gjgxjhpt_rtime"`
	Sign  string `json:"gjgxjhpt_sign"`
}

// timely reports whether rtime is milliseconds since 1970, near now.
func (p proof) timely(now time.Time) bool {
	ms, err := strconv.ParseInt(p.RTime, 10, 64)
	if err != nil {
		return false
	}
	return now.Sub(time.UnixMilli(ms)).Abs() <= window
}

// signedBy reports whether sign is Base64(HMAC-SHA256(key, sid‖rid‖rtime)).
func (p proof) signedBy(key string) bool {
	given, err := base64.StdEncoding.DecodeString(p.Sign)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(key))
	for _, part := range []string{p.SID, p.RID, p.RTime} {
		mac.Write([]byte(part))
	}
	return hmac.Equal(given, mac.Sum(nil))
}
