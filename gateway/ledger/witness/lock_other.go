//go:build !unix

package witness

import (
	"errors"
	"fmt"
)

func lock(string) (unlock func() error, err error) {
	return nil, fmt.Errorf("a witness on this system: %w", errors.ErrUnsupported)
}
