package evidence

import (
	"errors"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/federation"
)

// peerDoor is how entries name another Kapok among the doors.
const peerDoor = "peer"

// PeerKey is the key, 04‖X‖Y, of the certificates that another Kapok's request carries
// under its own signature; message is that of the use's first entry.
func PeerKey(message []byte) ([]byte, error) {
	request, err := ParseRequest(message)
	if err != nil {
		return nil, err
	}
	signed, err := parseBase(request.Base)
	if err != nil {
		return nil, err
	}
	key, err := signed.certified()
	if err != nil {
		return nil, err
	}
	return key.Bytes(), nil
}

// certified is the key of the first certificate that was signed along.
func (b base) certified() (*sm.PublicKey, error) {
	chain, err := federation.ReadChain(b.values[`"kapok-certificates"`])
	if err != nil {
		return nil, err
	}
	leaf, err := pki.Parse(chain[0])
	if err != nil {
		return nil, err
	}
	return leaf.PublicKey()
}

// memberKey says whose key it was that another Kapok signed with, as far as a bundle can:
// the list of members in force then is the federation's, and not in it.
func (run *verification) memberKey() (string, error) {
	key, err := run.base.certified()
	if err != nil {
		return "", errors.New("the certificates that the other Kapok signed along cannot be read")
	}
	pinned, err := sm.ParsePublicKey(run.bundle.Key.Point)
	if err != nil || !key.Equal(pinned) {
		return "", errors.New("the key is not that of the certificates that were signed along")
	}
	return "", errNothing("another Kapok signed, by certificates that are in its request; that their root is the member's, the federation's list of that day says")
}
