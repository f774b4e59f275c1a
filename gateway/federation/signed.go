package federation

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

const listType = "kapok-members+json"

// Keeper is a key whose signature under a list is believed. Whoever succeeds the keeper is
// pinned beside them before the first list that only the new key signs.
type Keeper struct{ Key *sm.PublicKey }

func (k Keeper) id() string { return jose.NewJWK("", k.Key).Thumbprint() }

// Sign signs a list, which has to be one: a compact JWS (RFC 7515) whose middle part is
// left out, since the list travels beside it and is read by people.
func Sign(ctx context.Context, document []byte, keeper sm.Signer) (string, error) {
	if _, err := Parse(document); err != nil {
		return "", err
	}
	return jose.SignDetached(ctx, bytes.TrimSpace(document), listType, jose.NewJWK("", keeper.Public()).Thumbprint(), keeper)
}

// Open reads a list that one of the keepers signed. White space around it does not count.
func Open(document []byte, signature string, keepers []Keeper, v *sm.Verifier) (*List, error) {
	document = bytes.TrimSpace(document)
	_, err := jose.VerifyDetached(document, signature, listType, v, "federation", func(kid string) (*sm.PublicKey, error) {
		for _, keeper := range keepers {
			if keeper.id() == kid {
				return keeper.Key, nil
			}
		}
		return nil, errors.New("no keeper that is pinned here has this key")
	})
	if err != nil {
		return nil, fmt.Errorf("federation: the list is not signed by its keeper: %w", err)
	}
	list, err := Parse(document)
	return &list, err
}

// Follows reports why a list may not take the place of the one before; nil: it may. The
// same version is the same list.
func (l *List) Follows(before *List) error {
	switch {
	case before == nil:
		return nil
	case l == nil:
		return nil // leaving a federation leaves nobody with more rights
	case l.Federation != before.Federation:
		return errors.New("federation: it is the list of another federation")
	case l.Version < before.Version:
		return fmt.Errorf("federation: version %d is older than version %d, which is in force", l.Version, before.Version)
	case l.Version == before.Version && !l.same(before):
		return fmt.Errorf("federation: two lists of version %d differ", l.Version)
	}
	return nil
}
