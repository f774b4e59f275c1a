package tif

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The protocol's vectors, computed outside this program.
const (
	plainVector  = "17DAD27DA37CBE578C86136E42142CE15BD79D4B0E7BCB77B116B196D69974AF"
	personVector = "0F24306F1C1D2406B223FE959FFDE4E9458E8D1574728B038304F5DC139E0728"
)

func TestVectors(t *testing.T) {
	if got := sign("1700000000", "test-token", "abc123"); got != plainVector {
		t.Error(got)
	}
	if got := signFor("1700000000", "test-token", "abc123", "u1", `{"a":1}`, "ext"); got != personVector {
		t.Error(got)
	}
	if got := signFor("1700000000", "test-token", "abc123", "", `{"a":1}`, "ext"); got != plainVector {
		t.Error("without a person the short form is signed, got", got)
	}
}

func proofHeader() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"paasid": "p1", "timestamp": "1700000000", "nonce": "abc123", "uid": "u1", "uinfo": `{"a":1}`, "ext": "ext", "signature": personVector,
	} {
		h.Set(Prefix+name, value)
	}
	return h
}

func TestProof(t *testing.T) {
	signed := time.Unix(1700000000, 0)
	cases := map[string]struct {
		change func(http.Header)
		token  string
		at     time.Time
		want   error
	}{
		"right":             {func(http.Header) {}, "test-token", signed, nil},
		"in lower case":     {func(h http.Header) { h.Set(Prefix+"signature", strings.ToLower(personVector)) }, "test-token", signed, nil},
		"180 s late":        {func(http.Header) {}, "test-token", signed.Add(Skew), nil},
		"181 s late":        {func(http.Header) {}, "test-token", signed.Add(Skew + time.Second), ErrSkew},
		"181 s early":       {func(http.Header) {}, "test-token", signed.Add(-Skew - time.Second), ErrSkew},
		"another token":     {func(http.Header) {}, "other", signed, ErrSignature},
		"no token":          {func(http.Header) {}, "", signed, ErrSignature},
		"another person":    {func(h http.Header) { h.Set(Prefix+"uid", "u2") }, "test-token", signed, ErrSignature},
		"the person gone":   {func(h http.Header) { h.Del(Prefix + "uid") }, "test-token", signed, ErrSignature},
		"another nonce":     {func(h http.Header) { h.Set(Prefix+"nonce", "abc124") }, "test-token", signed, ErrSignature},
		"no nonce":          {func(h http.Header) { h.Del(Prefix + "nonce") }, "test-token", signed, ErrMalformed},
		"two nonces":        {func(h http.Header) { h.Add(Prefix+"nonce", "abc123") }, "test-token", signed, ErrMalformed},
		"no time":           {func(h http.Header) { h.Set(Prefix+"timestamp", "now") }, "test-token", signed, ErrMalformed},
		"a short signature": {func(h http.Header) { h.Set(Prefix+"signature", "17DA") }, "test-token", signed, ErrMalformed},
	}
	for name, c := range cases {
		header := proofHeader()
		c.change(header)
		proof, err := ReadProof(header, Prefix)
		if err == nil {
			err = proof.Verify(c.token, c.at)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzReadProof(f *testing.F) {
	f.Add("p1", "1700000000", "abc123", "u1", plainVector)
	f.Fuzz(func(t *testing.T, paas, ts, nonce, uid, signature string) {
		h := http.Header{}
		for name, value := range map[string]string{"paasid": paas, "timestamp": ts, "nonce": nonce, "uid": uid, "signature": signature} {
			h.Set(Prefix+name, value)
		}
		proof, err := ReadProof(h, Prefix)
		if err != nil {
			return
		}
		if proof.Verify("a token that nobody knows", proof.Timestamp) == nil {
			t.Error("a made-up signature passed")
		}
	})
}
