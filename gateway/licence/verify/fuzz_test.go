package verify_test

import (
	"bytes"
	"testing"

	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/verify"
)

func unlimited() *sm.Verifier {
	return sm.NewVerifier(sm.VerifierOptions{SecondOpinionsPerSecond: 1e9, Burst: 1e6, TotalPerSecond: 1e9, TotalBurst: 1e6})
}

// small keeps a fuzzed document cheap.
var small = ofd.Limits{TotalBytes: 1 << 20, XMLBytes: 1 << 18, Elements: 2000, Entries: 100}

// Whatever the container, the verifier answers, and every step has its words.
func FuzzContainer(f *testing.F) {
	for _, name := range []string{"v4.ofd", "v1.ofd", "second.ofd", "signed-data-unsorted.ofd"} {
		f.Add(fixture(f, name))
	}
	v := verify.NewVerifier(unlimited(), fixtureTrust(f), small)
	f.Fuzz(func(t *testing.T, document []byte) {
		found := v.Document("fuzz", bytes.NewReader(document), int64(len(document)))
		if found.Verdict == "" || found.Summary.Zh == "" || len(found.Steps) == 0 {
			t.Fatalf("no answer: %+v", found)
		}
	})
}

// Whatever Signature.xml says, what was not sealed is not valid.
func FuzzSignatureXML(f *testing.F) {
	parts := unpacked(f, "v4.ofd")
	v := verify.NewVerifier(unlimited(), fixtureTrust(f), small)
	var sealed []byte
	for _, p := range parts {
		if p.name == signatureXML {
			sealed = p.data
			f.Add(p.data)
		}
	}
	f.Add([]byte(`<?xml version="1.0" encoding="gbk"?><Signature><SignedInfo/></Signature>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		document := packed(t, with(parts, signatureXML, func([]byte) []byte { return text }))
		found := v.Document("fuzz", bytes.NewReader(document), int64(len(document)))
		if (found.Verdict == verify.Valid || found.Verdict == verify.ValidFlagged) && !bytes.Equal(text, sealed) {
			t.Fatalf("%s: %q", found.Verdict, text)
		}
	})
}

// Whatever stands in the place of the signature, only the one that was made is valid.
func FuzzSignedValue(f *testing.F) {
	parts := unpacked(f, "v4.ofd")
	v := verify.NewVerifier(unlimited(), fixtureTrust(f), small)
	var sealed []byte
	for _, p := range parts {
		if p.name == signedValue {
			sealed = p.data
			f.Add(p.data)
		}
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		document := packed(t, with(parts, signedValue, func([]byte) []byte { return value }))
		found := v.Document("fuzz", bytes.NewReader(document), int64(len(document)))
		if found.Verdict == verify.Valid && !bytes.Equal(value, sealed) {
			t.Fatalf("valid: %x", value)
		}
	})
}

// No bit of what was sealed can be changed.
func FuzzSealedBytes(f *testing.F) {
	parts := unpacked(f, "v4.ofd")
	v := verify.NewVerifier(unlimited(), fixtureTrust(f), small)
	f.Add(uint8(0), uint32(7), byte(1))
	f.Add(uint8(6), uint32(40), byte(0x80))
	f.Fuzz(func(t *testing.T, file uint8, at uint32, change byte) {
		p := parts[int(file)%len(parts)]
		if change == 0 || p.name == "Doc_0/Signs/Signatures.xml" {
			return
		}
		document := packed(t, with(parts, p.name, func(data []byte) []byte {
			data = bytes.Clone(data)
			data[int(at)%len(data)] ^= change
			return data
		}))
		found := v.Document("fuzz", bytes.NewReader(document), int64(len(document)))
		if found.Verdict == verify.Valid || found.Verdict == verify.ValidFlagged {
			t.Fatalf("byte %d of %s: %s", int(at)%len(p.data), p.name, found.Verdict)
		}
	})
}
