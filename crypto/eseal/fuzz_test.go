package eseal_test

import (
	"bytes"
	"errors"
	"testing"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// What is read is what came: the parts that are verified are pieces of the input.
func FuzzSeal(f *testing.F) {
	f.Add(newOffice(f).seal)
	f.Fuzz(func(t *testing.T, der []byte) {
		seal, err := eseal.ParseSeal(der)
		if err != nil {
			if !errors.Is(err, eseal.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(seal.Raw, der) || !bytes.Contains(der, seal.RawInfo) {
			t.Fatalf("read as something else: %x", der)
		}
	})
}

// No changed byte of a signature verifies, unless it is beyond what was signed: its own
// certificate, algorithm and encoding.
func FuzzSignature(f *testing.F) {
	o := newOffice(f)
	good := o.sign(f, sm.DER)
	f.Add(good)
	original, err := eseal.ParseSignature(good)
	if err != nil {
		f.Fatal(err)
	}
	v := sm.NewVerifier(sm.VerifierOptions{SecondOpinionsPerSecond: 1e9, Burst: 1e6, TotalPerSecond: 1e9, TotalBurst: 1e6})
	f.Fuzz(func(t *testing.T, der []byte) {
		signature, err := eseal.ParseSignature(der)
		if err != nil {
			return
		}
		if _, err := signature.Signer.Verify(v, "fuzz", o.holder.Public()); err == nil && !bytes.Equal(signature.Signer.Message, original.Signer.Message) {
			t.Fatalf("verifies: %x", der)
		}
	})
}

func FuzzSignedData(f *testing.F) {
	f.Add([]byte("\x30\x0c\x06\x0a\x2a\x81\x1c\xcf\x55\x06\x01\x04\x02\x02"))
	f.Fuzz(func(t *testing.T, der []byte) {
		data, err := eseal.ParseSignedData(der)
		if err != nil {
			return
		}
		if _, err := pki.Parse(data.Signer.Certificate); err != nil || data.Signer.Value == nil {
			t.Fatalf("accepted without a signer: %x", der)
		}
		data.Covers([]byte("file"))
	})
}
