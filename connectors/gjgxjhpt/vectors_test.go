package gjgxjhpt

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
)

func TestSignVector(t *testing.T) {
	got := sign([]byte("secret-x"), "sid-cat-001", "rid-sd", "1700000000000")
	if want := "lSXFnaVS+CNcrVzGJU3em4zKe6cLvL4YBU7OKEqa1Wg="; got != want {
		t.Errorf("sign = %s, want %s", got, want)
	}
}

func TestKeyVector(t *testing.T) {
	got := hex.EncodeToString(aesKey("test-appkey-0001"))
	if want := "ead75b124ba3d13594fa365aa16138d7"; got != want {
		t.Errorf("key = %s, want %s", got, want)
	}
}

func TestSecretVectors(t *testing.T) {
	sealed := map[string]string{
		"cbc": "tRgYlSjgzxUuKBdMNZnmIGTZP2I/KMnuH0HtxHEdZi4=",
		"ecb": "LkmO6sxlQxNEdcBhVfFo2pvQA7QtKznkzWAMd9dvCTE=",
	}
	for name, text := range sealed {
		got, err := openSecret("test-appkey-0001", text, modes[name])
		if err != nil || string(got) != "test-appsecret-0001" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestSecretRefused(t *testing.T) {
	cases := map[string]string{
		"empty":             "",
		"not base64":        "tRgY*",
		"half a block":      base64.StdEncoding.EncodeToString(make([]byte, 24)),
		"another key's":     "AAAAAAAAAAAAAAAAAAAAAA==",
		"first block alone": "tRgYlSjgzxUuKBdMNZnmIA==",
	}
	for name, text := range cases {
		for mode, decrypt := range modes {
			if got, err := openSecret("test-appkey-0001", text, decrypt); err == nil {
				t.Errorf("%s by %s: opened to %q", name, mode, got)
			}
		}
	}
}

func FuzzOpenSecret(f *testing.F) {
	f.Add("test-appkey-0001", "tRgYlSjgzxUuKBdMNZnmIGTZP2I/KMnuH0HtxHEdZi4=")
	f.Add("", "AAAAAAAAAAAAAAAAAAAAAA==")
	f.Fuzz(func(t *testing.T, appKey, sealed string) {
		for mode, decrypt := range modes {
			if got, err := openSecret(appKey, sealed, decrypt); err == nil && len(got) == 0 {
				t.Errorf("%s: an empty secret was accepted", mode)
			}
		}
	})
}
