package pki

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"

	"github.com/emmansun/gmsm/sm2"

	"kapok/crypto/sm"
)

// messageSigner lends a [sm.Signer] to smx509 for one call. smx509 hands over the
// whole message (crypto.MessageSigner), so a key in Vault signs as one in memory.
type messageSigner struct {
	ctx    context.Context //nolint:containedctx // lives as long as the one call that smx509 offers no context for
	signer sm.Signer
	public *ecdsa.PublicKey
}

func newMessageSigner(ctx context.Context, signer sm.Signer) (messageSigner, error) {
	public, err := libraryKey(signer.Public())
	if err != nil {
		return messageSigner{}, err
	}
	return messageSigner{ctx: ctx, signer: signer, public: public}, nil
}

func (s messageSigner) Public() crypto.PublicKey { return s.public }

// SignMessage signs the whole message with the default identifier.
func (s messageSigner) SignMessage(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	return s.signer.Sign(s.ctx, message, sm.DER)
}

// Sign refuses: a digest alone cannot be signed by a [sm.Signer].
func (s messageSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("pki: this key signs messages, not digests")
}

func libraryKey(public *sm.PublicKey) (*ecdsa.PublicKey, error) {
	if public == nil {
		return nil, errors.New("pki: no public key was given")
	}
	key, err := sm2.NewPublicKey(public.Bytes())
	if err != nil {
		return nil, fmt.Errorf("pki: public key: %w", err)
	}
	return key, nil
}
