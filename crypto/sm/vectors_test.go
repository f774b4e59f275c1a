package sm

import (
	"bytes"
	"encoding/hex"
	"hash"
	"math/big"
	"testing"

	"github.com/emmansun/gmsm/sm4"
	tjfoc "github.com/tjfoc/gmsm/sm2"
	tjfocsm4 "github.com/tjfoc/gmsm/sm4"
)

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// GB/T 32905-2016, annex A, by both libraries, and that they agree at every length
// around a block.
func TestHashes(t *testing.T) {
	for text, want := range map[string]string{
		"abc": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd": "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
	} {
		for name, h := range map[string]hash.Hash{"first": NewHash(), "second": NewSecondHash()} {
			h.Write([]byte(text))
			if got := hex.EncodeToString(h.Sum(nil)); got != want {
				t.Errorf("%s library: %s", name, got)
			}
		}
	}
	for length := range 200 {
		message := bytes.Repeat([]byte{byte(length)}, length)
		second := NewSecondHash()
		second.Write(message)
		if first := Sum(message); !bytes.Equal(first[:], second.Sum(nil)) {
			t.Errorf("the libraries differ at %d bytes", length)
		}
	}
}

// GB/T 32918.5-2017 annex A.2, step by step.
func TestStandardSignature(t *testing.T) {
	key, err := ParsePrivateKey(fromHex(t, standardD))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(key.Public().Bytes()); got != standardP {
		t.Fatalf("P is %s", got)
	}
	if got := hex.EncodeToString(key.Public().za[:]); got != "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3" {
		t.Fatalf("ZA is %s", got)
	}
	digest, err := key.Public().Digest([]byte(DefaultID), []byte(standardM))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(digest[:]); got != "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640" {
		t.Fatalf("e is %s", got)
	}
	verifier := NewVerifier(VerifierOptions{Both: true})
	if err := verifier.Verify("", key.Public(), []byte(standardM), fromHex(t, standardR+standardS), Raw); err != nil {
		t.Fatal(err)
	}
	if err := verifier.VerifyDigest("", key.Public(), digest, fromHex(t, standardR+standardS), Raw); err != nil {
		t.Fatal(err)
	}
}

// fixedNonce makes tjfoc's library draw k: it reads 40 bytes b and takes
// b mod (n-1) + 1.
func fixedNonce(t *testing.T, k string) *bytes.Reader {
	t.Helper()
	n := new(big.Int).SetBytes(fromHex(t, k))
	return bytes.NewReader(n.Sub(n, big.NewInt(1)).FillBytes(make([]byte, 40)))
}

// The example's own k gives the example's r and s. Only the second library lets
// itself be told k.
func TestStandardSignatureWithItsNonce(t *testing.T) {
	r, s, err := tjfoc.Sm2Sign(tjfocKey(newKeyOf(t, standardD)), []byte(standardM), nil, fixedNonce(t, "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21"))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(r.Bytes()) + hex.EncodeToString(s.Bytes()); got != standardR+standardS {
		t.Fatalf("r‖s is %s", got)
	}
}

func newKeyOf(t testing.TB, d string) *PrivateKey {
	t.Helper()
	key, err := ParsePrivateKey(fromHex(t, d))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// tjfocKey is the same key in the second library.
func tjfocKey(key *PrivateKey) *tjfoc.PrivateKey {
	return &tjfoc.PrivateKey{PublicKey: *key.Public().second, D: key.key.D}
}

// Issue 560 of emmansun/gmsm: valid, and refused by the library until v0.44.1.
func TestIssue560(t *testing.T) {
	pub, err := ParsePublicKey(fromHex(t, issuePoint))
	if err != nil {
		t.Fatal(err)
	}
	if err := NewVerifier(VerifierOptions{Both: true}).VerifyDigest("", pub, [Size]byte{}, fromHex(t, issueSignature), DER); err != nil {
		t.Fatal(err)
	}
}

// GB/T 32907-2016 annex A, example 2: a million rounds.
func TestSM4MillionRounds(t *testing.T) {
	block := fromHex(t, "0123456789abcdeffedcba9876543210")
	cipher, err := sm4.NewCipher(block)
	if err != nil {
		t.Fatal(err)
	}
	for range 1_000_000 {
		cipher.Encrypt(block, block)
	}
	if got := hex.EncodeToString(block); got != "595298c7c6fd271f0402f804c33d3f66" {
		t.Fatalf("got %s", got)
	}
}

func TestSM4BlocksAgree(t *testing.T) {
	var block [KeySize]byte
	for i := range 1000 {
		key := Sum([]byte{byte(i), byte(i >> 8)})
		first, err := sm4.NewCipher(key[:KeySize])
		if err != nil {
			t.Fatal(err)
		}
		second, err := tjfocsm4.NewCipher(key[:KeySize])
		if err != nil {
			t.Fatal(err)
		}
		var a, b [KeySize]byte
		first.Encrypt(a[:], block[:])
		second.Encrypt(b[:], block[:])
		if a != b {
			t.Fatalf("round %d differs", i)
		}
		block = a
	}
}
