package eseal_test

import (
	"os"
	"path/filepath"
	"testing"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

func verifier() *sm.Verifier { return sm.NewVerifier(sm.VerifierOptions{Both: true}) }

func shared(t *testing.T, name string) []byte {
	t.Helper()
	contents, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "testdata", "ofd", name))
	if err != nil {
		t.Skip("../shared/testdata is not there: files that others made are not read")
	}
	return contents
}

// check verifies what was signed by the certificate that came along.
func check(t *testing.T, what string, signed eseal.Signed) {
	t.Helper()
	certificate, err := pki.Parse(signed.Certificate)
	if err != nil {
		t.Fatal(what, err)
	}
	key, err := certificate.PublicKey()
	if err != nil {
		t.Fatal(what, err)
	}
	if form, err := signed.Verify(verifier(), "test", key); err != nil || form != eseal.FormDER {
		t.Errorf("%s: %v, written as %s", what, err, form)
	}
}

func TestSealsOfOthers(t *testing.T) {
	for name, version := range map[string]int{"UserV4.esl": eseal.V4, "UserV5.esl": eseal.V5} {
		seal, err := eseal.ParseSeal(shared(t, name))
		if err != nil {
			t.Fatal(name, err)
		}
		if seal.Version != version || seal.Type != 3 || seal.Picture.Type != "PNG" || len(seal.Certificates) != 1 || len(seal.Oddities) != 0 {
			t.Errorf("%s: version %d, kind %d, picture %s, %v", name, seal.Version, seal.Type, seal.Picture.Type, seal.Oddities)
		}
		check(t, name, seal.Maker)
	}
}

func TestSignaturesOfOthers(t *testing.T) {
	for name, version := range map[string]int{"SignedValueV4.dat": eseal.V4, "SignedValueV5.dat": eseal.V5} {
		signature, err := eseal.ParseSignature(shared(t, name))
		if err != nil {
			t.Fatal(name, err)
		}
		if signature.Seal.Version != version || signature.Time.IsZero() || len(signature.DataHash) != sm.Size || signature.Property != "/Doc_0/Signs/Sign_0/Signature.xml" {
			t.Errorf("%s: version %d, %v, %q, %d bytes of hash", name, signature.Seal.Version, signature.Time, signature.Property, len(signature.DataHash))
		}
		check(t, name, signature.Signer)
		check(t, name+", seal", signature.Seal.Maker)
		if allowed, decided := signature.Seal.Allows(signature.Signer.Certificate); !allowed || !decided {
			t.Errorf("%s: the signer is not on the seal's list", name)
		}
	}
}
