package keys

import (
	"context"
	"errors"

	"kapok/crypto/sm"
)

// RotateWrapping makes a new key-encryption key; persons' keys are wrapped by it
// from now on, and those wrapped before still open.
func (f *File) RotateWrapping(ctx context.Context) (version int, err error) {
	return f.rotate(ctx, sm.KeySize, func(c *fileContents) map[int][]byte { return c.Wrapping })
}

// RotateLookup makes a new look-up key; the table is then rewritten under it.
func (f *File) RotateLookup(ctx context.Context) (version int, err error) {
	return f.rotate(ctx, lookupKeySize, func(c *fileContents) map[int][]byte { return c.Lookup })
}

// DestroyWrapping destroys an older key-encryption key for good: what only it
// wraps is erased. The one in force cannot be destroyed.
func (f *File) DestroyWrapping(ctx context.Context, version int) error {
	return f.destroy(ctx, version, sm.KeySize, func(c *fileContents) map[int][]byte { return c.Wrapping })
}

// DestroyLookup destroys an older look-up key, when no row stands under it.
func (f *File) DestroyLookup(ctx context.Context, version int) error {
	return f.destroy(ctx, version, lookupKeySize, func(c *fileContents) map[int][]byte { return c.Lookup })
}

func (f *File) rotate(ctx context.Context, size int, of func(*fileContents) map[int][]byte) (version int, err error) {
	err = f.change(func(contents *fileContents) error {
		newest, _ := versions{of(contents), size}.newest()
		version = newest + 1
		of(contents)[version] = newSecret(size)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return version, f.held.refresh(ctx)
}

func (f *File) destroy(ctx context.Context, version, size int, of func(*fileContents) map[int][]byte) error {
	err := f.change(func(contents *fileContents) error {
		newest, _ := versions{of(contents), size}.newest()
		if version == newest {
			return errors.New("keys: the version in force cannot be destroyed")
		}
		delete(of(contents), version)
		return nil
	})
	if err != nil {
		return err
	}
	return f.held.refresh(ctx)
}
