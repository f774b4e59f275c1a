//go:build unix

package witness

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock takes a file for this process; it ends with it, however that ends.
func lock(path string) (unlock func() error, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // within the witness's folder
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another witness works in this folder: %w", err), file.Close())
	}
	return file.Close, nil
}
