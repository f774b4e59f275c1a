package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"

	"kapok/crypto/sm"
)

// sealedFile is the key file: what a passphrase seals with argon2id (RFC 9106)
// and SM4-GCM. Everything but Sealed is bound as additional data.
type sealedFile struct {
	Kind      string `json:"kind"`
	Layout    int    `json:"v"`
	Passes    uint32 `json:"argon2id_passes"`
	MemoryKiB uint32 `json:"argon2id_memory_kib"`
	Lanes     uint8  `json:"argon2id_lanes"`
	Salt      []byte `json:"salt"`
	Sealed    []byte `json:"sealed,omitempty"`
}

const (
	sealedKind = "kapok-keys"
	maxFile    = 1 << 20

	// RFC 9106, 4, the second recommendation: 64 MiB, three passes.
	passes    = 3
	memoryKiB = 64 << 10
	lanes     = 4
	saltSize  = 16
)

// sealing is the key that a passphrase gives, with what gave it.
type sealing struct {
	header sealedFile
	key    []byte
}

func newSealing(passphrase []byte) sealing {
	header := sealedFile{Kind: sealedKind, Layout: 1, Passes: passes, MemoryKiB: memoryKiB, Lanes: lanes, Salt: make([]byte, saltSize)}
	rand.Read(header.Salt) // never fails: it ends the program instead
	return header.sealing(passphrase)
}

func (f sealedFile) sealing(passphrase []byte) sealing {
	f.Sealed = nil
	return sealing{f, argon2.IDKey(passphrase, f.Salt, f.Passes, f.MemoryKiB, f.Lanes, sm.KeySize)}
}

func (s sealing) seal(plaintext []byte) ([]byte, error) {
	bound, err := json.Marshal(s.header)
	if err != nil {
		return nil, err
	}
	file := s.header
	if file.Sealed, err = sm.SealGCM(s.key, plaintext, bound); err != nil {
		return nil, err
	}
	return json.MarshalIndent(file, "", "  ")
}

func (s sealing) open(file sealedFile) ([]byte, error) {
	bound, err := json.Marshal(s.header)
	if err != nil {
		return nil, err
	}
	plaintext, err := sm.OpenGCM(s.key, file.Sealed, bound)
	if err != nil {
		return nil, ErrPassphrase
	}
	return plaintext, nil
}

// parseSealed reads a key file. The cost it names is checked before it is paid:
// a file must not be able to take all memory.
func parseSealed(contents []byte) (sealedFile, error) {
	var file sealedFile
	if len(contents) > maxFile {
		return file, errors.New("keys: the key file is longer than 1 MiB")
	}
	decoder := json.NewDecoder(bytes.NewReader(contents))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return file, fmt.Errorf("keys: the key file is not JSON of its kind: %w", err)
	}
	if file.Kind != sealedKind || file.Layout != 1 {
		return file, errors.New("keys: the key file is of another kind or layout")
	}
	if file.Passes < 1 || file.Passes > 16 || file.MemoryKiB < 8<<10 || file.MemoryKiB > 1<<20 || file.Lanes < 1 || len(file.Salt) != saltSize {
		return file, errors.New("keys: the key file asks for a cost out of bounds")
	}
	return file, nil
}
