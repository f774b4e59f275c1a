package jose_test

import (
	"strings"
	"testing"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

func TestDetached(t *testing.T) {
	key, other := newKey(t), newKey(t)
	document := []byte("{\"a\": \"一\"}\n")
	signed, err := jose.SignDetached(t.Context(), document, "thing+jws", "k1", key)
	if err != nil {
		t.Fatal(err)
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	// 64 bytes are 86 letters: without two of them it is whole bytes whatever it held,
	// without three it may end in bits that strict base64url refuses first.
	short := signed[:len(signed)-2]
	for name, c := range map[string]struct {
		document, signed, typ string
		key                   *sm.PublicKey
		want                  string
	}{
		"as it is":          {string(document), signed, "thing+jws", key.Public(), ""},
		"another document":  {string(document) + " ", signed, "thing+jws", key.Public(), "token-signature-invalid"},
		"another type":      {string(document), signed, "other+jws", key.Public(), "token-key-unknown"},
		"another's key":     {string(document), signed, "thing+jws", other.Public(), "token-signature-invalid"},
		"not detached":      {string(document), strings.Replace(signed, "..", ".e30.", 1), "thing+jws", key.Public(), "token-malformed"},
		"cut":               {string(document), short, "thing+jws", key.Public(), "token-signature-invalid"},
		"a line end in it":  {string(document), signed[:4] + "\n" + signed[4:], "thing+jws", key.Public(), "token-malformed"},
		"nothing":           {string(document), "", "thing+jws", key.Public(), "token-malformed"},
		"an unknown key id": {string(document), strings.Replace(signed, signed[:strings.Index(signed, ".")], "eyJhbGciOiJTR0RfU00zX1NNMiIsImtpZCI6ImsyIiwidHlwIjoidGhpbmcrandzIn0", 1), "thing+jws", key.Public(), "token-key-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			kid, err := jose.VerifyDetached([]byte(c.document), c.signed, c.typ, verifier, "test", keyring("k1", c.key))
			if code(err) != c.want || (err == nil) != (kid == "k1") {
				t.Errorf("%q, %v; want %q", kid, err, c.want)
			}
		})
	}
}
