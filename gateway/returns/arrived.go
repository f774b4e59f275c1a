package returns

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"

	"kapok/crypto/keys"
)

// arrived are the files of a delivery as they were uploaded: read piece by piece, never
// in clear on a disk.
type arrived struct {
	ctx      context.Context //nolint:containedctx // fs.FS has no other way to be told
	store    Uploads
	delivery Delivery
	key      *keys.PersonKey
}

// Open opens a file of the manifest.
func (a *arrived) Open(name string) (fs.File, error) {
	at := slices.IndexFunc(a.delivery.Manifest.Files, func(f File) bool { return f.Name == name })
	if at < 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	size, err := a.store.Uploaded(a.ctx, a.delivery.ID, at)
	if err != nil {
		return nil, err
	}
	return &arrivedFile{of: a, file: at, name: name, size: size}, nil
}

// arrivedFile is one of them being read.
type arrivedFile struct {
	of   *arrived
	file int
	name string
	size int64
	at   int64  // where the next byte is read
	held []byte // bytes from there on that are opened already
}

// Read reads on.
func (f *arrivedFile) Read(p []byte) (int, error) {
	if f.at >= f.size {
		return 0, io.EOF
	}
	if len(f.held) == 0 {
		if err := f.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.held)
	f.held, f.at = f.held[n:], f.at+int64(n)
	return n, nil
}

// fetch opens the piece that holds the next byte.
func (f *arrivedFile) fetch() error {
	piece, err := f.of.store.Piece(f.of.ctx, f.of.delivery.ID, f.file, f.at)
	if err != nil {
		return err
	}
	if piece == nil {
		return io.ErrUnexpectedEOF
	}
	opened, err := f.of.key.Open(piece.Sealed, piecePlace(f.of.delivery.ID, f.file, piece.At))
	if err != nil {
		return err
	}
	before := f.at - piece.At
	if before < 0 || before >= int64(len(opened)) {
		return io.ErrUnexpectedEOF
	}
	f.held = opened[before:]
	return nil
}

// Seek goes to a place of the file.
func (f *arrivedFile) Seek(offset int64, whence int) (int64, error) {
	from, known := map[int]int64{io.SeekStart: 0, io.SeekCurrent: f.at, io.SeekEnd: f.size}[whence]
	if !known || from+offset < 0 {
		return f.at, errors.New("returns: no such place in the file")
	}
	f.at, f.held = from+offset, nil
	return f.at, nil
}

// Stat describes the file.
func (f *arrivedFile) Stat() (fs.FileInfo, error) { return arrivedInfo{f.name, f.size}, nil }

// Close ends the reading.
func (f *arrivedFile) Close() error { f.held = nil; return nil }

// arrivedInfo describes a file: what arrived never changes.
type arrivedInfo struct {
	name string
	size int64
}

func (i arrivedInfo) Name() string     { return i.name }
func (i arrivedInfo) Size() int64      { return i.size }
func (arrivedInfo) Mode() fs.FileMode  { return 0o400 }
func (arrivedInfo) ModTime() time.Time { return time.Time{} }
func (arrivedInfo) IsDir() bool        { return false }
func (arrivedInfo) Sys() any           { return nil }
