package demo

import (
	"crypto/rand"
	"encoding/base64"
	"testing"

	qrcode "github.com/skip2/go-qrcode"
)

// TestReadQR draws codes of every length that is shown, and reads each: what cannot be read once in thirty times
// fails a demonstration once a day.
func TestReadQR(t *testing.T) {
	for _, length := range []int{48, 120, 240, 480} {
		for range 50 {
			content := make([]byte, length)
			_, _ = rand.Read(content)
			text := "kapok:" + base64.RawURLEncoding.EncodeToString(content)
			picture, err := qrcode.Encode(text, qrcode.Medium, -4)
			if err != nil {
				t.Fatal(err)
			}
			if read, err := readQR(picture); err != nil || read != text {
				t.Fatalf("%d bytes: read %q, %v; drawn %q", length, read, err, text)
			}
		}
	}
}

func TestReadQROfSomethingElse(t *testing.T) {
	if _, err := readQR([]byte("no picture")); err == nil {
		t.Fatal("read a QR from no picture")
	}
}
