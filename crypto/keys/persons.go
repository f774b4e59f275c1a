package keys

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"

	"kapok/crypto/sm"
)

// Use tells a person's two keys apart.
type Use string

// A person's keys. The safe's is erased when the person asks; the record's when
// retention and every hold have ended.
const (
	SafeKey   Use = "safe"
	RecordKey Use = "record"
)

// WrappedKey is a person's key as a database may hold it:
//
//	1 byte   layout, 1
//	4 bytes  version of the key-encryption key, big-endian
//	44 bytes SM4-GCM: nonce ‖ key ‖ tag, bound to version, use and subject
type WrappedKey []byte

const (
	wrappedLayout = 1
	wrappedHeader = 5
	wrappedSize   = wrappedHeader + 12 + sm.KeySize + 16
	wrapDomain    = "kapok/person-key/v1\x00"
)

// Version returns the version of the key-encryption key that wraps w.
func (w WrappedKey) Version() (int, error) {
	if len(w) != wrappedSize || w[0] != wrappedLayout {
		return 0, ErrWrapped
	}
	return int(binary.BigEndian.Uint32(w[1:wrappedHeader])), nil
}

// Persons makes and opens the keys of persons. The key-encryption key was
// unwrapped by the key service at start; here everything is local. To erase a
// person's data, delete the wrapped key; once every key wrapped by the same
// version is rewrapped and that version destroyed, no backup can undo it.
type Persons struct{ held *held }

// Create makes a key for a person. subjectRef is the random reference that stands
// for the person, never an identity number.
func (p *Persons) Create(use Use, subjectRef string) (WrappedKey, *PersonKey, error) {
	key := make([]byte, sm.KeySize)
	rand.Read(key) // never fails: it ends the program instead
	wrapped, err := p.wrap(use, subjectRef, key)
	if err != nil {
		return nil, nil, err
	}
	return wrapped, &PersonKey{key}, nil
}

// Open unwraps a key: [ErrDestroyed] when its key-encryption key is gone,
// [ErrWrapped] when it was changed or is another's.
func (p *Persons) Open(ctx context.Context, use Use, subjectRef string, wrapped WrappedKey) (*PersonKey, error) {
	version, err := wrapped.Version()
	if err != nil {
		return nil, err
	}
	wrapping, err := p.wrappingKey(ctx, version)
	if err != nil {
		return nil, err
	}
	key, err := sm.OpenGCM(wrapping, wrapped[wrappedHeader:], wrapContext(use, subjectRef, wrapped[:wrappedHeader]))
	if err != nil || len(key) != sm.KeySize {
		return nil, ErrWrapped
	}
	return &PersonKey{key}, nil
}

// Rewrap returns the same key wrapped by the version in force; changed is false
// when it already is.
func (p *Persons) Rewrap(ctx context.Context, use Use, subjectRef string, wrapped WrappedKey) (_ WrappedKey, changed bool, err error) {
	key, err := p.Open(ctx, use, subjectRef, wrapped)
	if err != nil {
		return nil, false, err
	}
	defer key.Forget()
	version, err := wrapped.Version()
	if err != nil {
		return nil, false, err
	}
	if inForce, _ := p.held.snapshot().wrapping.newest(); inForce == version {
		return wrapped, false, nil
	}
	renewed, err := p.wrap(use, subjectRef, key.key)
	return renewed, err == nil, err
}

// Version returns the version in force, by which new keys are wrapped.
func (p *Persons) Version() int {
	version, _ := p.held.snapshot().wrapping.newest()
	return version
}

func (p *Persons) wrap(use Use, subjectRef string, key []byte) (WrappedKey, error) {
	version, wrapping := p.held.snapshot().wrapping.newest()
	header := make([]byte, wrappedHeader, wrappedSize)
	header[0] = wrappedLayout
	binary.BigEndian.PutUint32(header[1:], uint32(version))
	sealed, err := sm.SealGCM(wrapping, key, wrapContext(use, subjectRef, header))
	if err != nil {
		return nil, err
	}
	return append(header, sealed...), nil
}

func (p *Persons) wrappingKey(ctx context.Context, version int) ([]byte, error) {
	if key, ok := p.held.snapshot().wrapping.at(version); ok {
		return key, nil
	}
	if err := p.held.refreshForUnknown(ctx); err != nil {
		return nil, err
	}
	if key, ok := p.held.snapshot().wrapping.at(version); ok {
		return key, nil
	}
	return nil, ErrDestroyed
}

// wrapContext binds a wrapped key to its place, so that rows cannot be swapped.
func wrapContext(use Use, subjectRef string, header []byte) []byte {
	bound := append([]byte(wrapDomain), header...)
	bound = append(bound, use...)
	bound = append(bound, 0)
	return append(bound, subjectRef...)
}

// PersonKey seals one person's data (SM4-GCM).
type PersonKey struct{ key []byte }

// Seal encrypts plaintext, bound to context: the place where it will stand.
func (k *PersonKey) Seal(plaintext, context []byte) ([]byte, error) {
	return sm.SealGCM(k.key, plaintext, context)
}

// Open reverses [PersonKey.Seal].
func (k *PersonKey) Open(sealed, context []byte) ([]byte, error) {
	return sm.OpenGCM(k.key, sealed, context)
}

// SealJSON is [PersonKey.Seal] of a value as JSON.
func (k *PersonKey) SealJSON(value any, context []byte) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return k.Seal(plain, context)
}

// OpenJSON reverses [PersonKey.SealJSON].
func (k *PersonKey) OpenJSON(sealed, context []byte, into any) error {
	plain, err := k.Open(sealed, context)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

// Forget overwrites the key in memory; k is unusable afterwards.
func (k *PersonKey) Forget() {
	clear(k.key)
	k.key = nil
}

// String keeps the key out of logs.
func (k *PersonKey) String() string { return "keys.PersonKey(***)" }

// GoString keeps the key out of logs.
func (k *PersonKey) GoString() string { return k.String() }
