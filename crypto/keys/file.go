package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// File keeps the long-lived keys in one file sealed by a passphrase. It is for
// trials: the root's key lies in this process's memory, which no district's
// should. It implements [Authority] and is safe for concurrent use by one
// process.
type File struct {
	path    string
	sealing sealing
	held    *held

	mu       sync.Mutex
	contents fileContents
	key      *sm.PrivateKey
	root     *pki.Certificate
}

// fileContents is what is sealed.
type fileContents struct {
	RootKey  []byte            `json:"root_key"`
	Root     []byte            `json:"root"`
	Wrapping map[int][]byte    `json:"wrapping"`
	Lookup   map[int][]byte    `json:"lookup"`
	Secrets  map[string][]byte `json:"secrets,omitempty"`

	Seals map[string]sealedKey `json:"seals,omitempty"`
}

const (
	fileName      = "keys.sealed"
	minPassphrase = 8
	trialRootLife = 10 * 365 * 24 * time.Hour
	clockSkew     = time.Minute // certificates begin this much before they are made
)

// OpenFile opens the keys in dir, or makes them when there are none. It warns
// that they are for trials only. The passphrase has at least 8 bytes; a wrong one
// is [ErrPassphrase].
func OpenFile(dir string, passphrase []byte, warn *slog.Logger) (*File, error) {
	if len(passphrase) < minPassphrase {
		return nil, fmt.Errorf("keys: the passphrase has fewer than %d bytes", minPassphrase)
	}
	warn.Warn("keys are kept in a file: for trials only, never for real data; see deploy/vault for production keys", "dir", dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	f := &File{path: filepath.Join(dir, fileName)}
	f.held = &held{load: f.loadSecrets}
	err := f.open(passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		err = f.create(passphrase)
	}
	if err != nil {
		return nil, err
	}
	return f, f.held.refresh(context.Background())
}

func (f *File) open(passphrase []byte) error {
	file, err := readSealed(f.path)
	if err != nil {
		return err
	}
	f.sealing = file.sealing(passphrase)
	return f.reload()
}

// create makes the keys and puts the file in place by a link, which fails when
// another process was first; its keys are then the ones to open.
func (f *File) create(passphrase []byte) error {
	contents, err := newContents()
	if err != nil {
		return err
	}
	f.sealing = newSealing(passphrase)
	if err := f.write(contents, os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.open(passphrase)
}

func newContents() (fileContents, error) {
	key, err := sm.GenerateKey()
	if err != nil {
		return fileContents{}, err
	}
	from := time.Now().Add(-clockSkew)
	root, err := pki.NewRoot(context.Background(), key, "红棉试用根 Kapok trial root", from, from.Add(trialRootLife))
	if err != nil {
		return fileContents{}, err
	}
	return fileContents{
		RootKey:  key.Bytes(),
		Root:     root,
		Wrapping: map[int][]byte{1: newSecret(sm.KeySize)},
		Lookup:   map[int][]byte{1: newSecret(lookupKeySize)},
	}, nil
}

// reload reads what is on disk and takes it over.
func (f *File) reload() error {
	file, err := readSealed(f.path)
	if err != nil {
		return err
	}
	plaintext, err := f.sealing.open(file)
	if err != nil {
		return err
	}
	var contents fileContents
	if err := json.Unmarshal(plaintext, &contents); err != nil {
		return fmt.Errorf("keys: what the key file seals: %w", err)
	}
	key, err := sm.ParsePrivateKey(contents.RootKey)
	if err != nil {
		return err
	}
	root, err := pki.Parse(contents.Root)
	if err != nil {
		return err
	}
	f.contents, f.key, f.root = contents, key, root
	return nil
}

// change rewrites the file from what is on disk now, so that a change made by
// another process before is kept.
func (f *File) change(edit func(*fileContents) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.reload(); err != nil {
		return err
	}
	if err := edit(&f.contents); err != nil {
		return err
	}
	if err := f.write(f.contents, os.Rename); err != nil {
		return err
	}
	return f.reload()
}

func (f *File) loadSecrets(context.Context) (*secrets, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.reload(); err != nil {
		return nil, err
	}
	return newSecrets(f.contents.Wrapping, f.contents.Lookup)
}

// Root returns the root's certificate, DER.
func (f *File) Root() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.root.Raw
}

// Certify implements [Authority].
func (f *File) Certify(ctx context.Context, key sm.Signer, name string, life time.Duration) ([][]byte, error) {
	if life > pki.MaxOperational {
		return nil, fmt.Errorf("keys: an operational key lives at most %v", pki.MaxOperational)
	}
	now := time.Now().Truncate(time.Second)
	from := now.Add(-min(clockSkew, pki.MaxOperational-life))
	return f.Issue(ctx, pki.Request{Name: name, Usage: pki.Operational, From: from, To: now.Add(life), Public: key.Public()})
}

// Issue certifies a department's or seal's key for trials; the chain comes leaf
// first.
func (f *File) Issue(ctx context.Context, r pki.Request) ([][]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	leaf, err := pki.Issue(ctx, f.root, f.key, r)
	if err != nil {
		return nil, err
	}
	return [][]byte{leaf, f.root.Raw}, nil
}

// listLife is how long a revocation list of the trial root is in force.
const listLife = 24 * time.Hour

// RevocationList says, signed by the root, that nothing is revoked: a trial root revokes
// nothing, and an operational key ends within a day.
func (f *File) RevocationList(ctx context.Context) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now().Truncate(time.Second)
	return pki.NewCRL(ctx, f.root, f.key, pki.Revoked{Number: now.Unix(), ThisUpdate: now.Add(-clockSkew), NextUpdate: now.Add(listLife)})
}

// Persons gives the keys of persons.
func (f *File) Persons() *Persons { return &Persons{f.held} }

// Lookup gives the keyed look-up.
func (f *File) Lookup() *Lookup { return &Lookup{f.held} }

// Secret returns a connector's secret by its name.
func (f *File) Secret(_ context.Context, name string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.reload(); err != nil {
		return "", err
	}
	value, ok := f.contents.Secrets[name]
	if !ok {
		return "", errNoSecret()
	}
	return string(value), nil
}

// PutSecret stores a connector's secret.
func (f *File) PutSecret(name string, value []byte) error {
	return f.change(func(contents *fileContents) error {
		if contents.Secrets == nil {
			contents.Secrets = map[string][]byte{}
		}
		contents.Secrets[name] = value
		return nil
	})
}

func errNoSecret() *gateway.Error {
	return gateway.Fail(gateway.NotFound, "secret-not-found", "The key service holds no secret of this name.")
}
