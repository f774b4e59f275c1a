package ledger

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// TestOpenSSLVerifiesACheckpoint follows FORMAT.md §4 and §5 with nothing of this
// package but a receipt's bytes, and lets OpenSSL check the signature.
func TestOpenSSLVerifiesACheckpoint(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	var stranger struct {
		Chain      [][]byte
		Checkpoint string
	}
	raw := aReceipt(t, sealOne(t, newAuthority(t).operational(t), testOrigin, 5, anEntry()))
	if err := json.Unmarshal(raw, &stranger); err != nil {
		t.Fatal(err)
	}
	text, line, _ := strings.Cut(stranger.Checkpoint, "\n\n")
	text += "\n"
	signature, err := base64.StdEncoding.DecodeString(strings.Fields(line)[2])
	if err != nil {
		t.Fatal(err)
	}
	message := "\xffKAPOK\x00" + "\x13kapok/checkpoint/v1" + text
	for name, c := range map[string]struct {
		message string
		true    bool
	}{"as signed": {message, true}, "one byte changed": {message[:40] + "x" + message[41:], false}} {
		folder := t.TempDir()
		write := func(name string, content []byte) string {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		certificate := write("leaf.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: stranger.Chain[0]}))
		out, err := exec.CommandContext(t.Context(), openssl, "pkeyutl", "-verify", "-certin", "-inkey", certificate,
			"-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678",
			"-sigfile", write("signature", derOf(t, signature[4:])), "-in", write("message", []byte(c.message))).CombinedOutput()
		if (err == nil) != c.true {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func derOf(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[:32]))
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[32:]))
	})
	der, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return der
}
