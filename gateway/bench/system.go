package bench

import (
	"fmt"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

// system is one calling system of a department.
type system struct {
	id    string // in the catalogue
	key   *sm.PrivateKey
	keyID string // RFC 7638 thumbprint
}

// newSystems makes the calling systems with a key each.
func newSystems(count int) ([]system, error) {
	systems := make([]system, count)
	for i := range systems {
		key, err := sm.GenerateKey()
		if err != nil {
			return nil, err
		}
		systems[i] = system{
			id: fmt.Sprintf("bench-system-%04d", i), key: key,
			keyID: jose.NewJWK("", key.Public()).Thumbprint(),
		}
	}
	return systems, nil
}
