package engine

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/sm"
)

const keyPrefix = "key/"

// kind says what a key is for; it never changes.
type kind string

const (
	kindSeal      kind = "seal"
	kindSigning   kind = "signing"
	kindAuthority kind = "authority"
)

// keyRecord is a key as it is stored behind Vault's barrier.
type keyRecord struct {
	Kind            kind               `json:"kind"`
	Versions        map[int]keyVersion `json:"versions"`
	MinVersion      int                `json:"min_version"` // older ones neither sign nor verify
	DeletionAllowed bool               `json:"deletion_allowed"`
}

type keyVersion struct {
	Secret  []byte    `json:"d"`
	Public  []byte    `json:"public"` // 04‖X‖Y; kept so that reading it never touches the secret
	Created time.Time `json:"created"`
}

func (k *keyRecord) latest() int {
	newest := 0
	for version := range k.Versions {
		newest = max(newest, version)
	}
	return newest
}

// version returns the version asked for, 0 meaning the latest.
func (k *keyRecord) version(asked int) (int, keyVersion, error) {
	if asked == 0 {
		asked = k.latest()
	}
	held, ok := k.Versions[asked]
	if !ok {
		return 0, keyVersion{}, refuse("the key has no such version")
	}
	if asked < k.MinVersion {
		return 0, keyVersion{}, refuse("the key's min_version excludes this version")
	}
	return asked, held, nil
}

func (k *keyRecord) add() error {
	key, err := sm.GenerateKey()
	if err != nil {
		return err
	}
	k.Versions[k.latest()+1] = keyVersion{Secret: key.Bytes(), Public: key.Public().Bytes(), Created: time.Now().UTC()}
	return nil
}

func newKeyRecord(of kind) (*keyRecord, error) {
	record := &keyRecord{Kind: of, Versions: map[int]keyVersion{}, MinVersion: 1}
	return record, record.add()
}

func loadKey(ctx context.Context, storage logical.Storage, name string) (*keyRecord, error) {
	record := &keyRecord{}
	if err := load(ctx, storage, keyPrefix+name, record); err != nil {
		return nil, err
	}
	return record, nil
}

func (k *keyRecord) store(ctx context.Context, storage logical.Storage, name string) error {
	return store(ctx, storage, keyPrefix+name, k)
}
