package verify_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/verify"
)

func shared(t testing.TB, name string) []byte {
	t.Helper()
	contents, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "testdata", "ofd", name))
	if err != nil {
		t.Skip("../shared/testdata is not there: files that others made are not read")
	}
	return contents
}

func verifier(trust verify.Trust) *verify.Verifier {
	return verify.NewVerifier(sm.NewVerifier(sm.VerifierOptions{Both: true}), trust, ofd.Limits{})
}

func report(v *verify.Verifier, document []byte) verify.Report {
	return v.Document("test", bytes.NewReader(document), int64(len(document)))
}

// statuses writes "step status" for what did not simply pass.
func statuses(s verify.SignatureReport) string {
	var told []string
	for _, step := range s.Steps {
		if step.Status != verify.Pass {
			told = append(told, step.Name+" "+string(step.Status))
		}
	}
	return strings.Join(told, ", ")
}

func TestFilesOfOthers(t *testing.T) {
	untrusted := "chain flagged, revocation not-checked, time-stamp not-checked"
	for name, want := range map[string]struct {
		verdict    verify.Verdict
		signatures []string
		difference string
	}{
		"V4RideRight.ofd":  {verify.ValidFlagged, []string{untrusted}, ""},
		"SESV4SignDoc.ofd": {verify.ValidFlagged, []string{"seal-dates flagged, certificates flagged, " + untrusted}, ""},
		"h.ofd":            {verify.ValidFlagged, []string{"references flagged, " + untrusted, untrusted}, "/Doc_0/Signs/Signatures.xml"},
	} {
		t.Run(name, func(t *testing.T) {
			found := report(verifier(verify.Trust{}), shared(t, name))
			if found.Verdict != want.verdict || len(found.Signatures) != len(want.signatures) {
				t.Fatalf("%s with %d signatures", found.Verdict, len(found.Signatures))
			}
			for i, signature := range found.Signatures {
				if told := statuses(signature); told != want.signatures[i] {
					t.Errorf("signature %s: %s", signature.ID, told)
				}
			}
			if d := found.FirstDifference; d == nil && want.difference != "" || d != nil && d.File != want.difference {
				t.Errorf("first difference %+v", d)
			}
			if len(found.Coverage.Uncovered) > 0 {
				t.Errorf("uncovered: %v", found.Coverage.Uncovered)
			}
		})
	}
}

// Its authority's certificate is not to be had; whoever trusts the two certificates
// themselves finds the file valid.
func TestFileOfOthersWithItsCertificatesTrusted(t *testing.T) {
	contents := shared(t, "V4RideRight.ofd")
	container, err := ofd.Open(bytes.NewReader(contents), int64(len(contents)), ofd.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	value, err := container.Read("Doc_0/Signs/Sign_0/SignedValue.dat")
	if err != nil {
		t.Fatal(err)
	}
	signature, err := eseal.ParseSignature(value)
	if err != nil {
		t.Fatal(err)
	}
	var trust verify.Trust
	for _, der := range [][]byte{signature.Signer.Certificate, signature.Seal.Maker.Certificate} {
		certificate, err := pki.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		trust.Roots = append(trust.Roots, certificate)
	}
	if found := report(verifier(trust), contents); found.Verdict != verify.Valid {
		t.Errorf("%s: %s", found.Verdict, statuses(found.Signatures[0]))
	}
}
