package keys

import (
	"context"
	"fmt"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// sealedKey is a seal's key as the file keeps it.
type sealedKey struct {
	Key         []byte `json:"key"`
	Certificate []byte `json:"certificate"`
}

// trialSealLife is how long a seal made for trials may be used.
const trialSealLife = 365 * 24 * time.Hour

// SealKey returns the key of a seal, made and certified where there is none yet: in
// trials nobody has to provision it. holder is the seal's name for people.
func (f *File) SealKey(ctx context.Context, name, holder string) (SealKey, error) {
	f.mu.Lock()
	held, known := f.contents.Seals[name]
	f.mu.Unlock()
	if !known {
		if err := f.change(func(contents *fileContents) error { return addSeal(ctx, f.key, f.root, contents, name, holder) }); err != nil {
			return SealKey{}, err
		}
		f.mu.Lock()
		held = f.contents.Seals[name]
		f.mu.Unlock()
	}
	key, err := sm.ParsePrivateKey(held.Key)
	if err != nil {
		return SealKey{}, fmt.Errorf("keys: a seal's key: %w", err)
	}
	return SealKey{Signer: key, Certificate: held.Certificate}, nil
}

func addSeal(ctx context.Context, rootKey *sm.PrivateKey, root *pki.Certificate, contents *fileContents, name, holder string) error {
	if _, made := contents.Seals[name]; made {
		return nil // by another process in between
	}
	key, err := sm.GenerateKey()
	if err != nil {
		return err
	}
	from := time.Now().Add(-clockSkew)
	if from.Before(root.NotBefore) {
		from = root.NotBefore
	}
	certificate, err := pki.Issue(ctx, root, rootKey, pki.Request{
		Name: name, Organization: holder, Usage: pki.Seal, From: from, To: from.Add(trialSealLife), Public: key.Public(),
	})
	if err != nil {
		return err
	}
	if contents.Seals == nil {
		contents.Seals = map[string]sealedKey{}
	}
	contents.Seals[name] = sealedKey{Key: key.Bytes(), Certificate: certificate}
	return nil
}
