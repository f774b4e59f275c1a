package httpsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/http"
	"strings"
	"testing"
)

// header reads lines of "Name: value" as net/http would.
func header(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		h.Add(name, strings.Trim(value, " "))
	}
	return h
}

// testRequest and testResponse are those of RFC 9421 appendix B.2.
func testRequest() Message {
	return Message{
		Method: "POST", TargetURI: "https://example.com/foo?param=Value&Pet=dog",
		Header: header(
			"Host: example.com",
			"Date: Tue, 20 Apr 2021 02:07:55 GMT",
			"Content-Type: application/json",
			"Content-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
			"Content-Length: 18"),
	}
}

func testResponse() Message {
	return Message{
		Status: 200,
		Header: header(
			"Date: Tue, 20 Apr 2021 02:07:56 GMT",
			"Content-Type: application/json",
			"Content-Digest: sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
			"Content-Length: 23"),
	}
}

// baseOf is the base under a member of Signature-Input, whatever its alg.
func baseOf(t *testing.T, m Message, input string) string {
	t.Helper()
	p, _, ok := read(input)
	if !ok {
		t.Fatalf("input is malformed: %s", input)
	}
	base, err := Base(m, p)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func read(input string) (p Params, alg string, ok bool) {
	value, found, ok := find([]string{"sig=" + input}, "sig")
	if !found || !ok {
		return p, "", false
	}
	alg, ok = parseInput(value, &p)
	return p, alg, ok
}

// The appendix gives signatures by keys that it gives as well, so each base is
// proven to the byte: another would not verify.
func TestBaseOfAppendixB2(t *testing.T) {
	tests := []struct {
		name, input, signature string
		message                Message
		verify                 func(t *testing.T, base string, sig []byte) bool
	}{
		{"B.2.1 minimal", `();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"`,
			"d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
			testRequest(), verifyPSS},
		{"B.2.2 selective", `("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"`,
			"LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
			testRequest(), verifyPSS},
		{"B.2.3 full", `("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`,
			"bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
			testRequest(), verifyPSS},
		{"B.2.4 response", `("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"`,
			"wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
			testResponse(), verifyP256},
		{"B.2.5 hmac", `("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
			"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
			testRequest(), verifyHMAC},
		{"B.2.6 ed25519", `("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
			"wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
			testRequest(), verifyEd25519},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base := baseOf(t, test.message, test.input)
			if !test.verify(t, base, unbase64(t, test.signature)) {
				t.Fatalf("the RFC's signature does not verify over\n%s", base)
			}
			if test.verify(t, base+" ", unbase64(t, test.signature)) {
				t.Fatal("the check accepts anything")
			}
		})
	}
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The public keys of RFC 9421 appendix B.1, as SubjectPublicKeyInfo.
const (
	keyPSS     = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB"
	keyP256    = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ=="
	keyEd25519 = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
	keyHMAC    = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
)

func publicKey[K any](t *testing.T, spki string) K {
	t.Helper()
	key, err := x509.ParsePKIXPublicKey(unbase64(t, spki))
	if err != nil {
		t.Fatal(err)
	}
	return key.(K)
}

func verifyPSS(t *testing.T, base string, sig []byte) bool {
	digest := sha512.Sum512([]byte(base))
	return rsa.VerifyPSS(publicKey[*rsa.PublicKey](t, keyPSS), crypto.SHA512, digest[:], sig, nil) == nil
}

func verifyP256(t *testing.T, base string, sig []byte) bool {
	digest := sha256.Sum256([]byte(base))
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
	return ecdsa.Verify(publicKey[*ecdsa.PublicKey](t, keyP256), digest[:], r, s)
}

func verifyHMAC(t *testing.T, base string, sig []byte) bool {
	mac := hmac.New(sha256.New, unbase64(t, keyHMAC))
	mac.Write([]byte(base))
	return hmac.Equal(mac.Sum(nil), sig)
}

func verifyEd25519(t *testing.T, base string, sig []byte) bool {
	return ed25519.Verify(publicKey[ed25519.PublicKey](t, keyEd25519), []byte(base), sig)
}

// Lines of the examples in RFC 9421 §2.1 and §2.2.
func TestComponentExamples(t *testing.T) {
	fields := Message{Header: http.Header{
		"Host":              {"www.example.com"},
		"Date":              {"Tue, 20 Apr 2021 02:07:56 GMT"},
		"X-Ows-Header":      {"  Leading and trailing whitespace.\t "},
		"Cache-Control":     {"max-age=60", "   must-revalidate"},
		"Example-Dict":      {" a=1,    b=2;x=1;y=2,   c=(a   b   c), d"},
		"Example-Header":    {"value, with, lots", "of, commas"},
		"Example-Header-2":  {"value, with, lots, of, commas"},
		"X-Empty-Header":    {""},
		"X-Non-Ascii-Field": {"红棉"},
	}}
	target := func(uri string) Message { return Message{Method: "POST", TargetURI: uri, Header: http.Header{}} }
	www := target("https://www.example.com/path?param=value")
	params := target("https://www.example.com/path?param=value&foo=bar&baz=batman&qux=")
	encoded := target("https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something")
	tests := []struct {
		section string
		message Message
		line    string
	}{
		{"2.1", fields, `"host": www.example.com`},
		{"2.1", fields, `"date": Tue, 20 Apr 2021 02:07:56 GMT`},
		{"2.1", fields, `"x-ows-header": Leading and trailing whitespace.`},
		{"2.1", fields, `"cache-control": max-age=60, must-revalidate`},
		{"2.1", fields, `"example-dict": a=1,    b=2;x=1;y=2,   c=(a   b   c), d`},
		{"2.1", fields, `"x-empty-header": `},
		{"2.1.2", fields, `"example-dict";key="a": 1`},
		{"2.1.2", fields, `"example-dict";key="d": ?1`},
		{"2.1.2", fields, `"example-dict";key="b": 2;x=1;y=2`},
		{"2.1.2", fields, `"example-dict";key="c": (a b c)`},
		{"2.1.3", fields, `"example-header": value, with, lots, of, commas`},
		{"2.1.3", fields, `"example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:`},
		{"2.1.3", fields, `"example-header-2";bs: :dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:`},
		{"2.1.3", fields, `"x-non-ascii-field";bs: :57qi5qOJ:`},
		{"2.2.1", www, `"@method": POST`},
		{"2.2.2", www, `"@target-uri": https://www.example.com/path?param=value`},
		{"2.2.3", www, `"@authority": www.example.com`},
		{"2.2.3", target("https://WWW.Example.com:443/"), `"@authority": www.example.com`},
		{"2.2.3", target("http://www.example.com:80/"), `"@authority": www.example.com`},
		{"2.2.3", target("http://www.example.com:443/"), `"@authority": www.example.com:443`},
		{"2.2.4", target("http://www.example.com/path?param=value"), `"@scheme": http`},
		{"2.2.5", www, `"@request-target": /path?param=value`},
		{"2.2.5", target("https://www.example.com/path"), `"@request-target": /path`},
		{"2.2.6", www, `"@path": /path`},
		{"2.2.6", target("https://www.example.com"), `"@path": /`},
		{"2.2.6", target("https://www.example.com/a%2e%2e%2Fb"), `"@path": /a%2e%2e%2Fb`},
		{"2.2.7", target("https://www.example.com/path?param=value&foo=bar&baz=bat%2Dman"), `"@query": ?param=value&foo=bar&baz=bat%2Dman`},
		{"2.2.7", target("https://www.example.com/path?queryString"), `"@query": ?queryString`},
		{"2.2.7", target("https://www.example.com/path?"), `"@query": ?`},
		{"2.2.7", target("https://www.example.com/path"), `"@query": ?`},
		{"2.2.8", params, `"@query-param";name="baz": batman`},
		{"2.2.8", params, `"@query-param";name="qux": `},
		{"2.2.8", params, `"@query-param";name="param": value`},
		{"2.2.8", encoded, `"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value`},
		{"2.2.8", encoded, `"@query-param";name="bar": with%20plus%20whitespace`},
		{"2.2.8", encoded, `"@query-param";name="fa%C3%A7ade%22%3A%20": something`},
		{"2.2.9", testResponse(), `"@status": 200`},
	}
	for _, test := range tests {
		t.Run(test.section+" "+test.line, func(t *testing.T) {
			identifier, _, _ := strings.Cut(test.line, ": ")
			got, _, _ := strings.Cut(baseOf(t, test.message, "("+identifier+")"), "\n")
			if got != test.line {
				t.Fatalf("got %q, want %q", got, test.line)
			}
		})
	}
}

// RFC 9421 §2.4: a response whose signature covers parts of its request.
func TestResponseCoversRequest(t *testing.T) {
	request := testRequest()
	response := Message{
		Status: 503, Request: &request,
		Header: header(
			"Date: Tue, 20 Apr 2021 02:07:56 GMT",
			"Content-Type: application/json",
			"Content-Length: 62",
			"Content-Digest: sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:"),
	}
	const params = `("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req "content-digest";req);created=1618884479;keyid="test-key-ecc-p256"`
	const want = `"@status": 503
"content-digest": sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:
"content-type": application/json
"@authority";req: example.com
"@method";req: POST
"@path";req: /foo
"content-digest";req: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"@signature-params": ` + params
	if got := baseOf(t, response, params); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
}

// RFC 9421 §2.3 and §2.5: parameters in the signer's order, components in theirs.
func TestBaseRepeatsSignersOrder(t *testing.T) {
	const params = `("@method" "@authority" "@path" "content-digest" "content-length" "content-type");created=1618884473;keyid="test-key-rsa-pss"`
	const want = `"@method": POST
"@authority": example.com
"@path": /foo
"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"content-length": 18
"content-type": application/json
"@signature-params": ` + params
	if got := baseOf(t, testRequest(), params); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	const other = `("@target-uri" "@authority" "date");keyid="test-key-rsa-pss";alg="rsa-pss-sha512";created=1618884475;expires=1618884775`
	if got := baseOf(t, testRequest(), other); !strings.HasSuffix(got, "\n\"@signature-params\": "+other) {
		t.Fatalf("got\n%s", got)
	}
}

// Member order of component parameters is the signer's; it does not make them
// two components.
func TestComponentParametersKeepOrder(t *testing.T) {
	request := testRequest()
	response := Message{Status: 200, Request: &request, Header: http.Header{}}
	for _, identifier := range []string{`"content-digest";req;key="sha-512"`, `"content-digest";key="sha-512";req`} {
		want := identifier + ": :WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n"
		if got := baseOf(t, response, "("+identifier+")"); !strings.HasPrefix(got, want) {
			t.Fatalf("got\n%s", got)
		}
	}
	if _, _, ok := read(`("content-digest";req;key="a" "content-digest";key="a";req)`); ok {
		t.Fatal("the same component was taken twice")
	}
}
