package gjgxjhpt

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"
)

// sign is Base64(HMAC-SHA256(key, sid‖rid‖rtime)), all in UTF-8.
func sign(key []byte, sid, rid, rtime string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(sid + rid + rtime))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// stamp writes a time as the protocol's rtime: milliseconds since 1970.
func stamp(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
