package basis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gowebpki/jcs"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// version is the form of the document; readers refuse any other.
const version = 1

// maxDocument bounds what [Parse] reads, in bytes.
const maxDocument = 64 << 10

// Canonical is the one encoding of the artefact: JSON by RFC 8785. It is what is
// signed, stored and hashed.
func (b Basis) Canonical() ([]byte, error) {
	plain, err := json.Marshal(b.document())
	if err != nil {
		return nil, fmt.Errorf("basis: encode: %w", err)
	}
	canonical, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("basis: encode: %w", err)
	}
	return canonical, nil
}

// Digest is the SM3 of [Basis.Canonical].
func (b Basis) Digest() ([32]byte, error) {
	canonical, err := b.Canonical()
	if err != nil {
		return [32]byte{}, err
	}
	return sm.Sum(canonical), nil
}

// Parse reads a document from anywhere: unknown members, another encoding of the
// same artefact, or a broken rule are errors. The error names the rule, no value.
func Parse(raw []byte) (Basis, error) {
	b, err := decode(raw)
	if err != nil {
		return Basis{}, err
	}
	if err := b.check(); err != nil {
		return Basis{}, err
	}
	canonical, err := b.Canonical()
	if err != nil {
		return Basis{}, unreadable(err)
	}
	if !bytes.Equal(canonical, raw) {
		return Basis{}, unreadable(errors.New("basis: not the canonical encoding"))
	}
	return b, nil
}

// Read reads a document that was parsed or made before it was stored, without
// checking its rules and encoding again.
func Read(stored []byte) (Basis, error) { return decode(stored) }

func decode(raw []byte) (Basis, error) {
	if len(raw) > maxDocument {
		return Basis{}, unreadable(errors.New("basis: longer than 64 KiB"))
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var d document
	if err := decoder.Decode(&d); err != nil {
		return Basis{}, unreadable(err)
	}
	if d.Header.Version != version {
		return Basis{}, unreadable(fmt.Errorf("basis: version %d is not known", d.Header.Version))
	}
	if len(d.Items) != 1 {
		return Basis{}, unreadable(errors.New("basis: this version has one entry in items"))
	}
	return d.basis(), nil
}

func unreadable(cause error) *gateway.Error {
	return gateway.Fail(gateway.Invalid, "basis-unreadable", "This is not the document of an access basis.").Because(cause)
}
