package jose_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

// standardKey is P of GB/T 32918.5-2017 annex A.2.
func standardKey(t testing.TB) *sm.PublicKey {
	t.Helper()
	point, err := hex.DecodeString("0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")
	if err != nil {
		t.Fatal(err)
	}
	pub, err := sm.ParsePublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	return pub
}

const (
	standardX   = "CfnfMR5UIaFQ3X0WHkvFxnIXn60YM_wHa7CP81bzUCA"
	standardY   = "zOpJDOJndaUtxupxjMGqYArtBfvzXghKZjL2By2prRM"
	standardJWK = `{"kty":"EC","crv":"SM2","x":"` + standardX + `","y":"` + standardY + `","kid":"k1","alg":"SGD_SM3_SM2","use":"sig"}`
)

func TestJWK(t *testing.T) {
	text, err := json.Marshal(jose.NewJWK("k1", standardKey(t)))
	if err != nil || string(text) != standardJWK {
		t.Fatalf("got %s, %v", text, err)
	}
	var read jose.JWK
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if pub, err := read.PublicKey(); err != nil || !pub.Equal(standardKey(t)) || read.KeyID != "k1" {
		t.Fatalf("got %+v, %v", read, err)
	}
}

func TestReadJWK(t *testing.T) {
	change := func(old, with string) string { return strings.Replace(standardJWK, old, with, 1) }
	tests := []struct{ name, jwk, code string }{
		{"as written", standardJWK, ""},
		{"crv of GM/T 0125.4's summary", change(`"SM2"`, `"sm2p256v1"`), ""},
		{"crv of kexcore", change(`"SM2"`, `"SM2-P-256"`), ""},
		{"no alg", change(`"alg":"SGD_SM3_SM2",`, ""), ""},
		{"no use", change(`,"use":"sig"`, ""), ""},
		{"more members", change(`{`, `{"x5t":"a","ext":true,`), ""},
		{"crv P-256", change(`"SM2"`, `"P-256"`), "key-malformed"},
		{"crv lower case", change(`"SM2"`, `"sm2"`), "key-malformed"},
		{"no crv", change(`"crv":"SM2",`, ""), "key-malformed"},
		{"kty OKP", change(`"EC"`, `"OKP"`), "key-malformed"},
		{"kty oct", change(`"EC"`, `"oct"`), "key-malformed"},
		{"alg ES256", change("SGD_SM3_SM2", "ES256"), "key-malformed"},
		{"alg none", change("SGD_SM3_SM2", "none"), "key-malformed"},
		{"use enc", change(`"sig"`, `"enc"`), "key-malformed"},
		{"x short", change(standardX, standardX[:42]), "key-malformed"},
		{"x padded", change(standardX, standardX+"="), "key-malformed"},
		{"x with trailing bits", change(standardX, standardX[:42]+"B"), "key-malformed"},
		{"x in standard base64", change("M_w", "M/w"), "key-malformed"},
		{"x absent", change(`"x":"`+standardX+`",`, ""), "key-malformed"},
		{"y is x", change(standardY, standardX), "key-malformed"},
		{"x and y of other lengths", strings.NewReplacer(standardX, standardX[:40], standardY, standardY+"AAAA").Replace(standardJWK), "key-malformed"},
		{"x a number", change(`"`+standardX+`"`, "1"), "key-malformed"},
		{"not an object", `[]`, "key-malformed"},
		{"private", change(`{`, `{"d":"AAAA",`), "key-private"},
		{"private, null", change(`{`, `{"d":null,`), "key-private"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var jwk jose.JWK
			err := json.Unmarshal([]byte(test.jwk), &jwk)
			if err == nil {
				_, err = jwk.PublicKey()
			}
			if code(err) != test.code {
				t.Fatalf("got %v, want %q", err, test.code)
			}
		})
	}
}

// RFC 7638 §3: the members required, in order, without spaces.
func TestThumbprint(t *testing.T) {
	digest := sm.Sum([]byte(`{"crv":"SM2","kty":"EC","x":"` + standardX + `","y":"` + standardY + `"}`))
	want := base64.RawURLEncoding.EncodeToString(digest[:])
	jwk := jose.NewJWK("k1", standardKey(t))
	other := jwk
	other.KeyID, other.Use, other.Alg, other.Curve = "k2", "", "", "sm2p256v1"
	if got := jwk.Thumbprint(); got != want || other.Thumbprint() != want {
		t.Fatalf("got %s and %s, want %s", got, other.Thumbprint(), want)
	}
	if jose.NewJWK("k1", newKey(t).Public()).Thumbprint() == want {
		t.Fatal("two keys, one thumbprint")
	}
}
