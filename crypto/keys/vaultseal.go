package keys

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/api"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// SealKey returns a seal's key, which never leaves Vault. Its certificate, PEM, stands
// in KV at seals/<name>, field "certificate"; the key's own policy lets this node sign
// with it. holder is not used: who a seal belongs to was said when it was certified.
func (v *Vault) SealKey(ctx context.Context, name, _ string) (SealKey, error) {
	fields, err := v.readKV(ctx, "seals/"+name)
	if err != nil {
		return SealKey{}, err
	}
	text, _ := fields["certificate"].(string)
	chain := pki.FromPEM([]byte(text))
	if len(chain) == 0 {
		return SealKey{}, errNoSecret()
	}
	certificate, err := pki.Parse(chain[0])
	if err != nil {
		return SealKey{}, fmt.Errorf("keys: vault: the certificate of a seal: %w", err)
	}
	public, err := certificate.PublicKey()
	if err != nil {
		return SealKey{}, err
	}
	return SealKey{Signer: newVaultSigner(v.session.write, v.config.Engine+"/sign/"+name, public), Certificate: chain[0]}, nil
}

// vaultSigner signs with a key of the engine. Those who ask while a call is under way
// wait together and share the next one: the load itself makes the batches.
type vaultSigner struct {
	write  func(ctx context.Context, path string, data map[string]any) (*api.Secret, error)
	path   string
	public *sm.PublicKey
	queue  chan *toSign
	turn   chan struct{} // held by whoever carries the next batch
}

type toSign struct {
	digest    [sm.Size]byte
	signature []byte
	err       error
	done      chan struct{}
}

// signBatch is how many signatures one call carries at most; the engine allows 5,000.
const signBatch = 1000

func newVaultSigner(write func(context.Context, string, map[string]any) (*api.Secret, error), path string, public *sm.PublicKey) *vaultSigner {
	return &vaultSigner{write: write, path: path, public: public, queue: make(chan *toSign, signBatch), turn: make(chan struct{}, 1)}
}

// Public returns the public key.
func (s *vaultSigner) Public() *sm.PublicKey { return s.public }

// Sign implements [sm.Signer]; only the digest goes to Vault. Seals are signed in DER.
func (s *vaultSigner) Sign(ctx context.Context, msg []byte, enc sm.Encoding) ([]byte, error) {
	if enc != sm.DER {
		return nil, errors.New("keys: vault: a seal signs in DER")
	}
	digest, err := s.public.Digest([]byte(sm.DefaultID), msg)
	if err != nil {
		return nil, err
	}
	mine := &toSign{digest: digest, done: make(chan struct{})}
	select {
	case s.queue <- mine:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		select {
		case <-mine.done:
			return mine.signature, mine.err
		case s.turn <- struct{}{}:
			s.carry(context.WithoutCancel(ctx))
			<-s.turn
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// carry sends what waits, in one call.
func (s *vaultSigner) carry(ctx context.Context) {
	var batch []*toSign
	for len(batch) < signBatch {
		select {
		case one := <-s.queue:
			batch = append(batch, one)
			continue
		default:
		}
		break
	}
	if len(batch) == 0 {
		return
	}
	err := s.send(ctx, batch)
	for _, one := range batch {
		if one.err == nil && one.signature == nil {
			one.err = err
		}
		close(one.done)
	}
}

func (s *vaultSigner) send(ctx context.Context, batch []*toSign) error {
	inputs := make([]map[string]any, len(batch))
	for i, one := range batch {
		inputs[i] = map[string]any{"digest": base64.StdEncoding.EncodeToString(one.digest[:])}
	}
	answer, err := s.write(ctx, s.path, map[string]any{"batch_input": inputs, "encoding": "der"})
	if err != nil {
		return err
	}
	results, ok := answer.Data["batch_results"].([]any)
	if !ok || len(results) != len(batch) {
		return errors.New("keys: vault: the engine's answer has not one result for each signature")
	}
	for i, result := range results {
		fields, _ := result.(map[string]any)
		text, _ := fields["signature"].(string)
		if batch[i].signature, err = base64.StdEncoding.DecodeString(text); err != nil || len(batch[i].signature) == 0 {
			batch[i].signature, batch[i].err = nil, errors.New("keys: vault: the engine did not sign")
		}
	}
	return errors.New("keys: vault: the engine left a signature out")
}
