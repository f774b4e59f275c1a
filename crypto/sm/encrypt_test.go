package sm

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	tjfoc "github.com/tjfoc/gmsm/sm2"
)

var formats = []Format{C1C3C2, ASN1, C1C2C3}

func TestEncryptAndDecrypt(t *testing.T) {
	key, other := newKey(t), newKey(t)
	for _, format := range formats {
		for _, size := range []int{1, 2, 31, 32, 33, 1000, 1 << 20} {
			plaintext := bytes.Repeat([]byte{0xa5}, size)
			sealed, err := Encrypt(key.Public(), plaintext, format)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := key.Decrypt(sealed, format)
			if err != nil || !bytes.Equal(opened, plaintext) {
				t.Fatalf("format %d, %d bytes: %v", format, size, err)
			}
			if opened, err := other.Decrypt(sealed, format); !errors.Is(err, ErrDecrypt) || opened != nil {
				t.Fatalf("another key: %v", err)
			}
		}
	}
	for _, size := range []int{0, 1<<20 + 1} {
		if _, err := Encrypt(key.Public(), make([]byte, size), C1C3C2); !errors.Is(err, ErrPlaintext) {
			t.Fatalf("%d bytes: %v", size, err)
		}
	}
	if _, err := Encrypt(key.Public(), []byte("x"), 3); !errors.Is(err, ErrEncoding) {
		t.Fatalf("unknown format: %v", err)
	}
	if _, err := key.Decrypt(nil, -1); !errors.Is(err, ErrEncoding) {
		t.Fatalf("unknown format: %v", err)
	}
}

// With one byte of plaintext the key stream is zero once in 256 times, and the
// standard starts over.
func TestShortPlaintextsAlwaysDecrypt(t *testing.T) {
	key := newKey(t)
	for i := range 3000 {
		sealed, err := Encrypt(key.Public(), []byte{byte(i)}, C1C3C2)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := key.Decrypt(sealed, C1C3C2)
		if err != nil || !bytes.Equal(opened, []byte{byte(i)}) {
			t.Fatalf("try %d: %x, %v", i, opened, err)
		}
	}
}

func TestStandardCiphertext(t *testing.T) {
	if err := testDecrypt(); err != nil {
		t.Fatal(err)
	}
}

// The second library decrypts what we encrypt, and we what it encrypts.
func TestCiphertextsAgree(t *testing.T) {
	key := newKey(t)
	second := tjfocKey(key)
	for i := range 100 {
		plaintext := bytes.Repeat([]byte{byte(i)}, 1+i)
		sealed, err := Encrypt(key.Public(), plaintext, C1C3C2)
		if err != nil {
			t.Fatal(err)
		}
		if opened, err := tjfoc.Decrypt(second, sealed, tjfoc.C1C3C2); err != nil || !bytes.Equal(opened, plaintext) {
			t.Fatalf("%d bytes: %v", len(plaintext), err)
		}
		sealed, err = tjfoc.EncryptAsn1(&second.PublicKey, plaintext, nil)
		if err != nil {
			t.Fatal(err)
		}
		if opened, err := key.Decrypt(sealed, ASN1); err != nil || !bytes.Equal(opened, plaintext) {
			t.Fatalf("%d bytes: %v", len(plaintext), err)
		}
	}
}

func TestChangedCiphertexts(t *testing.T) {
	key := newKey(t)
	for _, format := range formats {
		sealed, err := Encrypt(key.Public(), message, format)
		if err != nil {
			t.Fatal(err)
		}
		for i := range sealed {
			changed := slices.Clone(sealed)
			changed[i] ^= 1 << (i % 8)
			if opened, err := key.Decrypt(changed, format); !errors.Is(err, ErrDecrypt) || opened != nil {
				t.Fatalf("format %d, byte %d: %v", format, i, err)
			}
		}
		for _, cut := range [][]byte{nil, {4}, {0x30}, sealed[:64], sealed[:65], sealed[:97], sealed[:len(sealed)-1], append(slices.Clone(sealed), 0)} {
			if opened, err := key.Decrypt(cut, format); !errors.Is(err, ErrDecrypt) || opened != nil {
				t.Fatalf("format %d, %d bytes: %v", format, len(cut), err)
			}
		}
		for _, other := range formats {
			if _, err := key.Decrypt(sealed, other); other != format && !errors.Is(err, ErrDecrypt) {
				t.Fatalf("format %d read as %d: %v", format, other, err)
			}
		}
	}
}

func TestSealAndOpen(t *testing.T) {
	key, aad := []byte("0123456789abcdef"), []byte("kapok")
	for _, size := range []int{0, 1, 16, 1000} {
		sealed, err := SealGCM(key, make([]byte, size), aad)
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) != size+28 {
			t.Fatalf("%d bytes became %d", size, len(sealed))
		}
		opened, err := OpenGCM(key, sealed, aad)
		if err != nil || !bytes.Equal(opened, make([]byte, size)) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		for i := range sealed {
			changed := slices.Clone(sealed)
			changed[i] ^= 1 << (i % 8)
			if opened, err := OpenGCM(key, changed, aad); !errors.Is(err, ErrDecrypt) || opened != nil {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	key := []byte("0123456789abcdef")
	sealed, err := SealGCM(key, message, []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := SealGCM(key, message, []byte("a"))
	if err != nil || bytes.Equal(sealed[:12], again[:12]) {
		t.Fatalf("the nonce repeats: %v", err)
	}
	for name, test := range map[string]struct {
		key, sealed, aad []byte
		want             error
	}{
		"another key":   {[]byte("0123456789abcdeg"), sealed, []byte("a"), ErrDecrypt},
		"another aad":   {key, sealed, []byte("b"), ErrDecrypt},
		"absent":        {key, nil, []byte("a"), ErrDecrypt},
		"27 bytes":      {key, sealed[:27], []byte("a"), ErrDecrypt},
		"cut":           {key, sealed[:len(sealed)-1], []byte("a"), ErrDecrypt},
		"key too short": {key[:15], sealed, []byte("a"), ErrKey},
		"key too long":  {append(key, 0), sealed, []byte("a"), ErrKey},
	} {
		if opened, err := OpenGCM(test.key, test.sealed, test.aad); !errors.Is(err, test.want) || opened != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SealGCM(nil, message, nil); !errors.Is(err, ErrKey) {
		t.Errorf("no key: %v", err)
	}
}
