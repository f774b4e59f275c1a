package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"kapok/connectors"
)

// store is where files are dropped. Every error matches a fault.
type store interface {
	list(ctx context.Context) ([]fs.FileInfo, error) // of the folder
	open(ctx context.Context, name string) (file, error)
}

// file is one that is open.
type file interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// folder is a store on this machine. A name that is a link is not followed out of it.
type folder string

func (f folder) list(context.Context) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, storeFault(err)
	}
	var found []fs.FileInfo
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was there a moment ago
		}
		if err != nil {
			return nil, storeFault(err)
		}
		found = append(found, info)
	}
	return found, nil
}

func (f folder) open(_ context.Context, name string) (file, error) {
	opened, err := os.OpenInRoot(string(f), filepath.Base(name))
	if err != nil {
		return nil, storeFault(err)
	}
	return opened, nil
}

// storeFault words an error of a store; its own text holds paths.
func storeFault(err error) error {
	if err == nil {
		return nil
	}
	if _, own := errors.AsType[connectors.Fault](err); own {
		return err
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: no permission to read", connectors.ErrRefused)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: reading took too long", connectors.ErrTimeout)
	}
	return fmt.Errorf("%w: the folder or the file cannot be read", connectors.ErrUnavailable)
}
