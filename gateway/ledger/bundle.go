package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"kapok/crypto/pki"
)

const (
	bundleKind    = "kapok-bundle"
	bundleVersion = 1
)

// Bundle is the trust that a verifier has pinned: it comes from the district by a
// way of its own, never with what is to be verified.
type Bundle struct {
	Name  string   // of the district's node, for people
	Roots [][]byte // DER
}

type bundle struct {
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	Roots   [][]byte `json:"roots"`
	Version int      `json:"v"`
}

// Encode writes the bundle as canonical JSON.
func (b Bundle) Encode() []byte {
	out := AppendJSONString([]byte(`{"kind":`), bundleKind)
	out = AppendJSONString(append(out, `,"name":`...), b.Name)
	out = appendJSONByteses(append(out, `,"roots":`...), b.Roots)
	out = appendJSONNumber(append(out, `,"v":`...), bundleVersion)
	return append(out, '}')
}

// ParseBundle reads a bundle; white space around it is let pass, anything else but
// the canonical form is an error.
func ParseBundle(raw []byte) (Bundle, error) {
	raw = bytes.TrimSpace(raw)
	var read bundle
	if err := decodeStrictly(raw, &read); err != nil {
		return Bundle{}, fmt.Errorf("ledger: the bundle: %w", err)
	}
	b := Bundle{Name: read.Name, Roots: read.Roots}
	if read.Kind != bundleKind || read.Version != bundleVersion || !bytes.Equal(b.Encode(), raw) {
		return Bundle{}, fmt.Errorf("ledger: the bundle is not canonical JSON of kind %s, version %d", bundleKind, bundleVersion)
	}
	_, err := b.roots()
	return b, err
}

// RootsEnd lists when each pinned root ends, in the order of the bundle.
func (b Bundle) RootsEnd() ([]time.Time, error) {
	roots, err := b.roots()
	if err != nil {
		return nil, err
	}
	ends := make([]time.Time, len(roots))
	for i, root := range roots {
		ends[i] = root.NotAfter
	}
	return ends, nil
}

func (b Bundle) roots() ([]*pki.Certificate, error) {
	if len(b.Roots) == 0 {
		return nil, errors.New("ledger: the bundle pins no root")
	}
	roots := make([]*pki.Certificate, len(b.Roots))
	for i, der := range b.Roots {
		root, err := pki.Parse(der)
		if err != nil {
			return nil, fmt.Errorf("ledger: the bundle's root %d cannot be read: %w", i+1, err)
		}
		roots[i] = root
	}
	return roots, nil
}
