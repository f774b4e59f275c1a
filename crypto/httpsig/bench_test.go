package httpsig_test

import (
	"testing"

	"kapok/crypto/httpsig"
	"kapok/crypto/sm"
)

// What a request costs beyond SM2: both fields parsed and the base written.
func BenchmarkParseAndBase(b *testing.B) {
	m := signed(b, request(), requestParams(), newKey(b))
	b.ReportAllocs()
	for b.Loop() {
		p, _, err := httpsig.Parse(m, "sig1")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := httpsig.Base(m, p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAndVerify(b *testing.B) {
	key := newKey(b)
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	m := signed(b, request(), requestParams(), key)
	b.ReportAllocs()
	for b.Loop() {
		if err := check(m, "sig1", key, verifier); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	key := newKey(b)
	b.ReportAllocs()
	for b.Loop() {
		m := request()
		signed(b, m, requestParams(), key)
	}
}

func BenchmarkCheckContentDigest(b *testing.B) {
	m := request()
	b.ReportAllocs()
	for b.Loop() {
		if err := httpsig.CheckContentDigest(m.Header, body); err != nil {
			b.Fatal(err)
		}
	}
}
