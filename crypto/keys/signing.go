package keys

import (
	"context"
	"time"

	"kapok/crypto/sm"
)

// Signing is one operational key with its certificate, as they belong together.
// It stays usable until NotAfter, also after a newer one has taken its place.
type Signing struct {
	Signer      sm.Signer // refuses with code "signing-key-ended" after NotAfter
	Certificate []byte    // DER
	Chain       [][]byte  // DER, leaf first, root last
	NotAfter    time.Time
}

// heldKey is an operational key that knows when its certificate ends.
type heldKey struct {
	key      *sm.PrivateKey
	notAfter time.Time
}

func (h heldKey) Public() *sm.PublicKey { return h.key.Public() }

func (h heldKey) Sign(ctx context.Context, msg []byte, enc sm.Encoding) ([]byte, error) {
	if ended(h.notAfter) {
		return nil, errSigningEnded()
	}
	return h.key.Sign(ctx, msg, enc)
}

// ended asks the wall clock: the certificate's end is a moment of the calendar,
// and a machine that slept must not think itself younger.
func ended(notAfter time.Time) bool { return time.Now().Round(0).After(notAfter) }
