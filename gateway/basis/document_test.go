package basis_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gowebpki/jcs"

	"kapok/crypto/sm"
	"kapok/gateway/basis"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestCanonicalGolden pins the encoding: what was signed years ago must read the same.
func TestCanonicalGolden(t *testing.T) {
	for name, draft := range map[string]basis.Basis{"consent": consent(t), "whole": whole(t), "statutory": statutory(t), "emergency": emergency(t)} {
		t.Run(name, func(t *testing.T) {
			b := made(t, draft)
			b.ID = "00112233445566778899aabbccddeeff"
			got, err := b.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the encoding changed:\n%s", cmp.Diff(string(want), string(got)))
			}
			again, err := basis.Parse(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(b, again); diff != "" {
				t.Errorf("read back otherwise: %s", diff)
			}
		})
	}
}

func TestParseRefusesOtherEncodings(t *testing.T) {
	good := document(t)
	for name, raw := range map[string]string{
		"empty":             "",
		"null":              "null",
		"space":             " " + good,
		"newline after":     good + "\n",
		"second document":   good + good,
		"unknown member":    strings.Replace(good, `{"actor"`, `{"a":1,"actor"`, 1),
		"member twice":      strings.Replace(good, `"kind":`, `"kind":"CONTRACT","kind":`, 1),
		"other case":        strings.Replace(good, `"kind":`, `"Kind":`, 1),
		"escaped letter":    strings.Replace(good, `"mps"`, `"\u006dps"`, 1),
		"other version":     strings.Replace(good, `"ver":1`, `"ver":2`, 1),
		"two items":         strings.Replace(good, `"items":[{`, `"items":[{"fields":["name"],"operations":["VIEW"]},{`, 1),
		"moment with zone":  strings.Replace(good, `2026-06-01T00:00:00.000Z`, `2026-06-01T00:00:00.000+00:00`, 1),
		"moment in seconds": strings.Replace(good, `2026-06-01T00:00:00.000Z`, `2026-06-01T00:00:00Z`, 1),
		"explicit null":     strings.Replace(good, `"items":`, `"incident":null,"items":`, 1),
		"number as real":    strings.Replace(good, `"item_version":1`, `"item_version":1.0`, 1),
		"too long":          good + strings.Repeat(" ", 64<<10),
	} {
		if raw == good {
			t.Fatalf("%s: the document was not changed", name)
		}
		if _, err := basis.Parse([]byte(raw)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func document(t testing.TB) string {
	t.Helper()
	b := made(t, consent(t))
	raw, err := b.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// FuzzParse: what is read is written back the same, byte by byte, and is canonical
// by the reference implementation.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"consent", "statutory", "emergency"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := basis.Parse(raw)
		if err != nil {
			return
		}
		again, err := b.Canonical()
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("written back otherwise: %v", err)
		}
		if canonical, err := jcs.Transform(raw); err != nil || !bytes.Equal(canonical, raw) {
			t.Fatalf("accepted, but not canonical: %v", err)
		}
		read, err := basis.Read(raw)
		if err != nil || cmp.Diff(b, read) != "" {
			t.Fatalf("Read and Parse differ: %v", err)
		}
	})
}

func signed(t testing.TB) (basis.Signed, *sm.PublicKey) {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := basis.Sign(t.Context(), made(t, consent(t)), key, []byte("certificate"))
	if err != nil {
		t.Fatal(err)
	}
	return s, key.Public()
}

func unlimited() *sm.Verifier {
	return sm.NewVerifier(sm.VerifierOptions{SecondOpinionsPerSecond: 1e6, Burst: 1e6})
}

func TestSignAndVerify(t *testing.T) {
	s, platform := signed(t)
	b, err := s.Verify(unlimited(), "test", platform)
	if err != nil {
		t.Fatal(err)
	}
	if b.Department != "tianhe-minzheng" {
		t.Errorf("read %q", b.Department)
	}
	_, stranger := signed(t)
	if _, err := s.Verify(unlimited(), "test", stranger); err == nil {
		t.Error("verified by another's key")
	}
}

// TestSignatureIsForThisDomainOnly: the platform's signature under anything else is
// none under a basis.
func TestSignatureIsForThisDomainOnly(t *testing.T) {
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	raw := []byte(document(t))
	for name, message := range map[string][]byte{"plain": raw, "other domain": sm.Domain("kapok/checkpoint/v1").Message(raw)} {
		signature, err := key.Sign(t.Context(), message, sm.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (basis.Signed{Document: raw, Signature: signature}).Verify(unlimited(), "test", key.Public()); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
}

// FuzzMalleability changes a signed artefact anywhere: it must not verify.
func FuzzMalleability(f *testing.F) {
	s, platform := signed(f)
	verifier := unlimited()
	f.Add(0, byte(1), false)
	f.Add(40, byte(0x80), true)
	f.Fuzz(func(t *testing.T, position int, flip byte, inSignature bool) {
		if flip == 0 || position < 0 {
			return
		}
		changed := basis.Signed{Document: bytes.Clone(s.Document), Signature: bytes.Clone(s.Signature)}
		target := changed.Document
		if inSignature {
			target = changed.Signature
		}
		target[position%len(target)] ^= flip
		if _, err := changed.Verify(verifier, "fuzz", platform); err == nil {
			t.Fatalf("verified after byte %d was changed", position%len(target))
		}
	})
}

// TestEveryByteCounts is the same for every byte of one artefact, without the fuzzer.
func TestEveryByteCounts(t *testing.T) {
	s, platform := signed(t)
	verifier := unlimited()
	for _, part := range [][]byte{s.Document, s.Signature} {
		for i := range part {
			part[i] ^= 1
			if _, err := s.Verify(verifier, "test", platform); err == nil {
				t.Fatalf("verified after byte %d was changed", i)
			}
			part[i] ^= 1
		}
	}
}

func BenchmarkRead(b *testing.B) {
	raw := []byte(document(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := basis.Read(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	raw := []byte(document(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := basis.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
