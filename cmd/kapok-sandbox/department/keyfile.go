package department

import (
	"context"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

// Key is the key of one system.
type Key struct {
	System  string
	ID      string // the public key's RFC 7638 thumbprint by SM3: kid and keyid
	private *sm.PrivateKey
}

// Sign makes a Key an [sm.Signer].
func (k Key) Sign(ctx context.Context, msg []byte, enc sm.Encoding) ([]byte, error) {
	return k.private.Sign(ctx, msg, enc)
}

// Public returns the public half.
func (k Key) Public() *sm.PublicKey { return k.private.Public() }

// OpenKey reads the system's key from its file in dir, or makes one and writes
// it. The private half, SYSTEM.pem (SEC 1, as OpenSSL writes and reads it), is
// for the owner alone; the public half, SYSTEM.jwk.json, is for Kapok's operator
// to enrol.
func OpenKey(dir, system string) (Key, error) {
	private, err := readPrivate(privateFile(dir, system))
	if errors.Is(err, fs.ErrNotExist) {
		private, err = writePrivate(dir, system)
	}
	if err != nil {
		return Key{}, fmt.Errorf("the key of %s: %w", system, err)
	}
	id := jose.NewJWK("", private.Public()).Thumbprint()
	return Key{System: system, ID: id, private: private}, writePublic(dir, system, jose.NewJWK(id, private.Public()))
}

func privateFile(dir, system string) string { return filepath.Join(dir, system+".pem") }

// PublicFile is where [OpenKey] writes the public half.
func PublicFile(dir, system string) string { return filepath.Join(dir, system+".jwk.json") }

// sec1 is ECPrivateKey of RFC 5915.
type sec1 struct {
	Version int
	Private []byte
	Curve   asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	Public  asn1.BitString        `asn1:"explicit,tag:1"`
}

const (
	pemType     = "EC PRIVATE KEY"
	sec1Version = 1
)

// curveSM2 is the curve of GB/T 32918.5 (OID 1.2.156.10197.1.301).
func curveSM2() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301} }

func readPrivate(file string) (*sm.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, errors.New("the file holds no " + pemType)
	}
	var read sec1
	if rest, err := asn1.Unmarshal(block.Bytes, &read); err != nil || len(rest) > 0 {
		return nil, errors.New("the file holds no SEC 1 key")
	}
	if read.Version != sec1Version || !read.Curve.Equal(curveSM2()) {
		return nil, errors.New("the key is not on the SM2 curve")
	}
	return sm.ParsePrivateKey(read.Private)
}

func writePrivate(dir, system string) (*sm.PrivateKey, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	private, err := sm.GenerateKey()
	if err != nil {
		return nil, err
	}
	point := private.Public().Bytes()
	der, err := asn1.Marshal(sec1{
		Version: sec1Version, Private: private.Bytes(), Curve: curveSM2(),
		Public: asn1.BitString{Bytes: point, BitLength: 8 * len(point)},
	})
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})
	return private, writeNew(privateFile(dir, system), text)
}

// writeNew never writes over a key that appeared meanwhile.
func writeNew(file string, content []byte) error {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	return errors.Join(err, out.Close())
}

func writePublic(dir, system string, key jose.JWK) error {
	text, err := json.MarshalIndent(key, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(PublicFile(dir, system), append(text, '\n'), 0o644) //nolint:gosec // public by nature
}
