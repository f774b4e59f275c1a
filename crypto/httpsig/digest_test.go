package httpsig_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"

	"kapok/crypto/httpsig"
)

func TestContentDigest(t *testing.T) {
	// SM3("abc") of GB/T 32905-2016 annex A.1.
	if got, want := httpsig.ContentDigest([]byte("abc")), "sm3=:Zsfw9GLu7dnR8tRr3BDk4kFnxIdc8veiKX2gK49LqOA=:"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestCheckContentDigest(t *testing.T) {
	sum := sha256.Sum256([]byte("abc"))
	sha := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	sm3 := httpsig.ContentDigest([]byte("abc"))
	tests := []struct {
		name  string
		lines []string
		code  string
	}{
		{"sm3", []string{sm3}, ""},
		{"both", []string{sha + ", " + sm3}, ""},
		{"both, two lines", []string{sha, sm3}, ""},
		{"unknown passed over", []string{sm3 + ", md5=:AAAA:, x=1"}, ""},
		{"absent", nil, "content-digest-missing"},
		{"sha-256 only", []string{sha}, "content-digest-missing"},
		{"another body", []string{httpsig.ContentDigest([]byte("abd"))}, "content-digest-mismatch"},
		{"sha-256 of another body", []string{sm3 + ", sha-256=:AAAA:"}, "content-digest-mismatch"},
		{"short", []string{"sm3=:AAAA:"}, "content-digest-mismatch"},
		{"sm3 twice", []string{sm3, sm3}, "content-digest-malformed"},
		{"a token", []string{"sm3=abc"}, "content-digest-malformed"},
		{"with parameter", []string{sm3 + ";a=1"}, "content-digest-malformed"},
		{"empty", []string{""}, "content-digest-malformed"},
		{"trailing comma", []string{sm3 + ","}, "content-digest-malformed"},
		{"base64 not canonical", []string{"sm3=:Zsfw9GLu7dnR8tRr3BDk4kFnxIdc8veiKX2gK49LqOB=:"}, "content-digest-malformed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			for _, line := range test.lines {
				h.Add("Content-Digest", line)
			}
			if err := httpsig.CheckContentDigest(h, []byte("abc")); code(err) != test.code {
				t.Fatalf("got %v, want %q", err, test.code)
			}
		})
	}
}
