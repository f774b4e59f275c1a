package witness

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

const (
	keyFile  = "witness.key"
	lockFile = "lock"
)

// identity is the witness's name and key, for as long as its folder lives.
type identity struct {
	name string
	key  *sm.PrivateKey
}

// Options say who witnesses what.
type Options struct {
	Folder   string // made where it is missing; of this witness alone
	Name     string // a schema-less URL; may be empty once the folder has a key
	Pinned   ledger.Bundle
	Verifier *sm.Verifier // should ask both libraries
	Now      func() time.Time
}

// Open takes the folder for this process alone. Where there is no key yet, it makes
// one, in a file that only its user may read.
func Open(o Options) (*Witness, error) {
	for _, name := range []string{"", heldFolder, cosignedFolder, evidenceFolder} {
		if err := os.MkdirAll(filepath.Join(o.Folder, name), 0o700); err != nil {
			return nil, err
		}
	}
	unlock, err := lock(filepath.Join(o.Folder, lockFile))
	if err != nil {
		return nil, err
	}
	own, err := loadIdentity(o.Folder, o.Name)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	return &Witness{folder: o.Folder, identity: own, pinned: o.Pinned, verifier: o.Verifier, now: o.Now, unlock: unlock}, nil
}

// Close lets go of the folder.
func (w *Witness) Close() error { return w.unlock() }

// Key is what others verify this witness's cosignatures with.
func (w *Witness) Key() ledger.WitnessKey {
	return ledger.WitnessKey{Name: w.identity.name, Public: w.identity.key.Public()}
}

func loadIdentity(folder, name string) (identity, error) {
	path := filepath.Join(folder, keyFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newIdentity(path, name)
	}
	if err != nil {
		return identity{}, err
	}
	if err := ownAlone(path); err != nil {
		return identity{}, err
	}
	own, err := parseIdentity(string(raw))
	if err == nil && name != "" && own.name != name {
		err = fmt.Errorf("%s is the key of another witness, %s", path, own.name)
	}
	return own, err
}

func ownAlone(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("%s may be read by others; a witness's key has mode 0600", path)
	}
	return err
}

func newIdentity(path, name string) (identity, error) {
	key, err := sm.GenerateKey()
	if err != nil {
		return identity{}, err
	}
	own := identity{name, key}
	if _, err := ledger.ParseWitnessKey(ledger.WitnessKey{Name: name, Public: key.Public()}.String()); err != nil {
		return identity{}, errors.New("a new witness needs a name: 1 to 100 printable ASCII characters without space and +")
	}
	return own, writeDurably(path, []byte(own.name+"\n"+base64.StdEncoding.EncodeToString(key.Bytes())+"\n"), 0o600)
}

func parseIdentity(text string) (identity, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 3 || lines[2] != "" {
		return identity{}, errors.New("the witness's key cannot be read")
	}
	raw, err := base64.StdEncoding.DecodeString(lines[1])
	if err != nil {
		return identity{}, errors.New("the witness's key cannot be read")
	}
	key, err := sm.ParsePrivateKey(raw)
	if err != nil {
		return identity{}, errors.New("the witness's key cannot be read")
	}
	return identity{lines[0], key}, nil
}
