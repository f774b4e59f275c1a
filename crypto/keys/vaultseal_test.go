package keys_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

const (
	departmentSeal = "tianhe-minzheng-seal" // deploy/vault/start.sh makes it
	withSealPolicy = "kapok-gateway,kapok-seal-" + departmentSeal
)

// TestSealKeyStaysInVault: many sign at once with a key that only Vault has, each gets
// the signature of its own message, and the certificate is the district's.
func TestSealKeyStaysInVault(t *testing.T) {
	server := realVault(t)
	vault := openVault(t, login(t, server, withSealPolicy))
	seal, err := vault.SealKey(t.Context(), departmentSeal, "")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := pki.Parse(seal.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	root, err := pki.Parse(vault.Root())
	if err != nil {
		t.Fatal(err)
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{Both: true})
	if err := pki.VerifyChain(verifier, "test", certificate, nil, []*pki.Certificate{root}, time.Now()); err != nil {
		t.Errorf("the seal's certificate: %v", err)
	}
	public, err := certificate.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			message := fmt.Appendf(nil, "message %d", i)
			signature, err := seal.Signer.Sign(t.Context(), message, sm.DER)
			if err != nil {
				t.Error(err)
				return
			}
			if err := verifier.Verify("test", public, message, signature, sm.DER); err != nil {
				t.Errorf("message %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if _, err := seal.Signer.Sign(t.Context(), []byte("x"), sm.Raw); err == nil {
		t.Error("a seal signs in another encoding")
	}
}

// TestSealKeyNeedsItsPolicy: whoever may use one seal cannot use another, although its
// certificate is there for all to read.
func TestSealKeyNeedsItsPolicy(t *testing.T) {
	server := realVault(t)
	vault := openVault(t, login(t, server, withSealPolicy))
	other, err := vault.SealKey(t.Context(), "annotated-copies", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.Signer.Sign(t.Context(), []byte("x"), sm.DER)
	wantCode(t, "another's seal", err, "key-service-refused")
	if _, err := vault.SealKey(t.Context(), "no-such-seal", ""); err == nil {
		t.Error("a seal that nobody made")
	}
}

// BenchmarkSealKey measures signatures of a seal in Vault with many who sign at once, as
// bulk issue does.
func BenchmarkSealKey(b *testing.B) {
	vault := openVault(b, login(b, realVault(b), withSealPolicy))
	seal, err := vault.SealKey(b.Context(), departmentSeal, "")
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(128)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := seal.Signer.Sign(b.Context(), []byte("message"), sm.DER); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signatures/s")
}
