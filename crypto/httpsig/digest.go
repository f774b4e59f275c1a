package httpsig

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"strings"

	"kapok/crypto/sm"
)

const digestField = "Content-Digest"

// ContentDigest returns the value of Content-Digest for body: sm3=:base64: (RFC
// 9530 §2; "sm3" is not in IANA's registry).
func ContentDigest(body []byte) string {
	digest := sm.Sum(body)
	return string(appendBytes([]byte("sm3="), digest[:]))
}

// digests are the members that can be checked. Others are passed over, as RFC
// 9530 has it.
var digests = map[string]func(body []byte) [32]byte{
	"sm3":     func(body []byte) [32]byte { return sm.Sum(body) },
	"sha-256": sha256.Sum256,
}

// CheckContentDigest tells whether body is the one that Content-Digest names. The
// member sm3 must be there; sha-256, where present, must be right as well. The
// error is a *gateway.Error: content-digest-missing, -malformed or -mismatch.
func CheckContentDigest(h http.Header, body []byte) error {
	lines := h[digestField]
	if len(lines) == 0 {
		return digestMissing()
	}
	met, wrong := false, false
	wellFormed := dictionary(strings.Join(lines, ", "), func(key, value string) bool {
		compute, known := digests[key]
		if !known {
			return true
		}
		s := scanner{in: value}
		digest, ok := s.bytes()
		if !ok || s.in != "" {
			return false
		}
		computed := compute(body)
		met = met || key == "sm3"
		wrong = wrong || !bytes.Equal(digest, computed[:])
		return true
	})
	switch {
	case !wellFormed:
		return digestMalformed()
	case !met:
		return digestMissing()
	case wrong:
		return digestMismatch()
	}
	return nil
}
