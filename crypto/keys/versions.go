package keys

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// versions holds the versions of one long-lived secret. The highest is in force,
// the others open what was made before.
type versions struct {
	secrets map[int][]byte
	length  int // of each secret, in bytes
}

func (v versions) newest() (version int, secret []byte) {
	for candidate, held := range v.secrets {
		if candidate > version {
			version, secret = candidate, held
		}
	}
	return version, secret
}

func (v versions) at(version int) ([]byte, bool) {
	secret, ok := v.secrets[version]
	return secret, ok
}

// descending lists the versions, newest first.
func (v versions) descending() []int {
	list := slices.Sorted(maps.Keys(v.secrets))
	slices.Reverse(list)
	return list
}

func (v versions) check() error {
	if len(v.secrets) == 0 {
		return errors.New("keys: no version is there")
	}
	for version, secret := range v.secrets {
		if version < 1 || len(secret) != v.length {
			return fmt.Errorf("keys: version %d is not a key of %d bytes", version, v.length)
		}
	}
	return nil
}
