package engine

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

const authorityPrefix = "authority/"

// authorityRecord is what an authority has beside its key.
type authorityRecord struct {
	Chain     [][]byte `json:"chain"` // its certificate first, root last; empty until it has one
	ListCount int64    `json:"lists"` // how many revocation lists it has signed
	List      []byte   `json:"list"`  // the latest, DER
}

// authority is an authority ready to issue.
type authority struct {
	record      authorityRecord
	key         *sm.PrivateKey
	certificate *pki.Certificate
}

func loadAuthority(ctx context.Context, storage logical.Storage, name string) (*authority, error) {
	a := &authority{}
	if err := load(ctx, storage, authorityPrefix+name, &a.record); err != nil {
		return nil, err
	}
	if len(a.record.Chain) == 0 {
		return nil, refuse("the authority has no certificate yet")
	}
	key, err := authorityKey(ctx, storage, name)
	if err != nil {
		return nil, err
	}
	a.key = key
	a.certificate, err = pki.Parse(a.record.Chain[0])
	return a, err
}

func authorityKey(ctx context.Context, storage logical.Storage, name string) (*sm.PrivateKey, error) {
	record, err := loadKey(ctx, storage, name)
	if err != nil {
		return nil, err
	}
	if record.Kind != kindAuthority {
		return nil, refuse("the key of this name is not an authority's")
	}
	_, version, err := record.version(0)
	if err != nil {
		return nil, err
	}
	return sm.ParsePrivateKey(version.Secret)
}

// newAuthorityKey makes and stores the key of a new authority.
func newAuthorityKey(ctx context.Context, storage logical.Storage, name string) (*sm.PrivateKey, error) {
	_, err := loadKey(ctx, storage, name)
	if err == nil {
		return nil, refuse("a key of this name is there already")
	}
	if !errors.Is(err, notFound) {
		return nil, err
	}
	record, err := newKeyRecord(kindAuthority)
	if err != nil {
		return nil, err
	}
	if err := record.store(ctx, storage, name); err != nil {
		return nil, err
	}
	return authorityKey(ctx, storage, name)
}
