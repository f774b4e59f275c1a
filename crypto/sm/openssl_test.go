package sm

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// openssl runs the binary, which must be there in CI.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// keyFiles writes a key as PKCS #8 and SubjectPublicKeyInfo (RFC 5915, RFC 5480).
func keyFiles(t *testing.T, dir string, key *PrivateKey) (private, public string) {
	t.Helper()
	algorithm := fromHex(t, "301306072a8648ce3d020106082a811ccf5501822d")
	point := key.Public().Bytes()
	spki := slices.Concat([]byte{0x30, 0x59}, algorithm, []byte{0x03, 0x42, 0x00}, point)
	pkcs8 := slices.Concat([]byte{0x30, 0x81, 0x87, 0x02, 0x01, 0x00}, algorithm,
		[]byte{0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20}, key.Bytes(), []byte{0xa1, 0x44, 0x03, 0x42, 0x00}, point)
	return write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		write(t, dir, "pub.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
}

const distID = "distid:" + DefaultID

func TestOpenSSLAcceptsOurSignature(t *testing.T) {
	dir, key := t.TempDir(), newKey(t)
	_, public := keyFiles(t, dir, key)
	msg := write(t, dir, "message", message)
	sig := write(t, dir, "sig", sign(t, key, message, DER))
	openssl(t, "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-digest", "sm3", "-pkeyopt", distID, "-in", msg, "-sigfile", sig)
}

func TestWeAcceptOpenSSLsSignature(t *testing.T) {
	dir, key := t.TempDir(), newKey(t)
	private, _ := keyFiles(t, dir, key)
	msg, sig := write(t, dir, "message", message), filepath.Join(dir, "sig")
	openssl(t, "pkeyutl", "-sign", "-inkey", private, "-rawin", "-digest", "sm3", "-pkeyopt", distID, "-in", msg, "-out", sig)
	if err := NewVerifier(VerifierOptions{Both: true}).Verify("", key.Public(), message, read(t, sig), DER); err != nil {
		t.Fatal(err)
	}
}

func TestOpenSSLDecryptsOurs(t *testing.T) {
	dir, key := t.TempDir(), newKey(t)
	private, _ := keyFiles(t, dir, key)
	sealed, err := Encrypt(key.Public(), message, ASN1)
	if err != nil {
		t.Fatal(err)
	}
	in, out := write(t, dir, "sealed", sealed), filepath.Join(dir, "opened")
	openssl(t, "pkeyutl", "-decrypt", "-inkey", private, "-in", in, "-out", out)
	if opened := read(t, out); !bytes.Equal(opened, message) {
		t.Fatalf("got %q", opened)
	}
}

func TestWeDecryptOpenSSLs(t *testing.T) {
	dir, key := t.TempDir(), newKey(t)
	_, public := keyFiles(t, dir, key)
	in, out := write(t, dir, "message", message), filepath.Join(dir, "sealed")
	openssl(t, "pkeyutl", "-encrypt", "-pubin", "-inkey", public, "-in", in, "-out", out)
	if opened, err := key.Decrypt(read(t, out), ASN1); err != nil || !bytes.Equal(opened, message) {
		t.Fatalf("got %q, %v", opened, err)
	}
}
