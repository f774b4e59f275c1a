package keys

import "kapok/crypto/sm"

// SealKey is the key of a department's e-seal with its certificate. The signer may be
// asked by many at once; those who ask together share one call to the key service.
type SealKey struct {
	Signer      sm.Signer
	Certificate []byte // DER
}
