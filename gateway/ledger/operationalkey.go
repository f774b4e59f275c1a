package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

const maxChain = 5

// operationalKey returns the key that may have signed the checkpoint, when chain
// (the operational certificate first, the root left out) certifies one at the time
// of sealing. It wants a chain in order without a certificate too many: a byte of
// one that leads nowhere would be bound by nothing.
func operationalKey(v *sm.Verifier, roots []*pki.Certificate, head Checkpoint, chain [][]byte) (*sm.PublicKey, error) {
	sent, err := parseChain(chain)
	if err != nil {
		return nil, err
	}
	leaf := sent[0]
	if err := leaf.RequireUsage(pki.Operational); err != nil {
		return nil, err
	}
	if leaf.NotAfter.Sub(leaf.NotBefore) > pki.MaxOperational {
		return nil, errors.New("the operational certificate lives longer than 24 hours")
	}
	built, err := pki.BuildChain(v, head.Origin, leaf, sent[1:], roots, head.Sealed)
	if err != nil {
		return nil, err
	}
	if len(built) != len(sent)+1 || !slices.EqualFunc(built[:len(sent)], sent, sameCertificate) {
		return nil, errors.New("the chain is not exactly the certificates from the operational key's up to below the root")
	}
	return leaf.PublicKey()
}

func parseChain(chain [][]byte) ([]*pki.Certificate, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return nil, fmt.Errorf("a chain has 1 to %d certificates", maxChain)
	}
	parsed := make([]*pki.Certificate, len(chain))
	for i, der := range chain {
		certificate, err := pki.Parse(der)
		if err != nil {
			return nil, err
		}
		parsed[i] = certificate
	}
	return parsed, nil
}

func sameCertificate(a, b *pki.Certificate) bool { return bytes.Equal(a.Raw, b.Raw) }
