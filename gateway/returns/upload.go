package returns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"kapok/crypto/keys"
	"kapok/gateway"
)

// pieceSize is how much of a file is sealed and kept at once, in bytes: what is lost at
// most where an upload is cut is what had not arrived.
const pieceSize = 1 << 20

// Piece is a stretch of a file that arrived, sealed.
type Piece struct {
	At     int64 // of its first byte
	Size   int   // bytes, as they arrived
	Sealed []byte
}

// Upload is a file on its way.
type Upload struct {
	File   File
	Offset int64 // bytes that arrived and are durable
}

// Whole reports whether all of it is here.
func (u Upload) Whole() bool { return u.Offset == u.File.Size }

// Uploaded says how much of a file arrived; NotFound, return-file-unknown, where the
// manifest names none of that name.
func (i *Importer) Uploaded(ctx context.Context, id, name string) (Upload, error) {
	delivery, at, err := i.fileOf(ctx, id, name)
	if err != nil {
		return Upload{}, err
	}
	offset, err := i.Store.Uploaded(ctx, id, at)
	return Upload{File: delivery.Manifest.Files[at], Offset: offset}, err
}

// Uploads says how much of each file of a delivery arrived.
func (i *Importer) Uploads(ctx context.Context, delivery Delivery) ([]Upload, error) {
	var found []Upload
	for at, file := range delivery.Manifest.Files {
		offset, err := i.Store.Uploaded(ctx, delivery.ID, at)
		if err != nil {
			return nil, err
		}
		found = append(found, Upload{File: file, Offset: offset})
	}
	return found, nil
}

func (i *Importer) fileOf(ctx context.Context, id, name string) (Delivery, int, error) {
	delivery, err := i.Store.Delivery(ctx, id)
	if err != nil {
		return delivery, 0, err
	}
	at := slices.IndexFunc(delivery.Manifest.Files, func(f File) bool { return f.Name == name })
	if at < 0 {
		return delivery, 0, gateway.Fail(gateway.NotFound, "return-file-unknown", "The delivery's manifest names no such file.")
	}
	return delivery, at, nil
}

// Append takes what follows the byte offset of a file. Where the body is cut, what
// arrived before is kept, and the Upload says how far that is. Whether the file is the
// one that the manifest describes shows when it is landed.
func (i *Importer) Append(ctx context.Context, id, name string, offset int64, body io.Reader) (Upload, error) {
	delivery, at, err := i.fileOf(ctx, id, name)
	if err != nil {
		return Upload{}, err
	}
	key, err := i.uploadKey(ctx, delivery)
	if err != nil {
		return Upload{}, err
	}
	defer key.Forget()
	upload := Upload{File: delivery.Manifest.Files[at], Offset: offset}
	ctx = context.WithoutCancel(ctx) // whoever sends may be gone; what they sent is kept
	buffer := make([]byte, pieceSize)
	for {
		n, ended := fill(body, buffer)
		if n > 0 {
			if err := i.keep(ctx, delivery, at, key, &upload, buffer[:n]); err != nil {
				return upload, err
			}
		}
		if errors.Is(ended, io.EOF) {
			return upload, nil
		}
		if ended != nil {
			return upload, gateway.Fail(gateway.Invalid, "body-unreadable", "The body ended early or could not be read.").Because(ended)
		}
	}
}

// fill reads until the buffer is full or the body ends. Unlike io.ReadFull it tells a
// body that ended from one that was cut.
func fill(body io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var more int
		more, err = body.Read(buffer[n:])
		n += more
	}
	return n, err
}

func (i *Importer) keep(ctx context.Context, d Delivery, file int, key *keys.PersonKey, upload *Upload, piece []byte) error {
	if upload.Offset < 0 || int64(len(piece)) > upload.File.Size-upload.Offset {
		return gateway.Fail(gateway.Invalid, "return-beyond-size", "The bytes go beyond the size that the manifest gives the file.")
	}
	sealed, err := key.Seal(piece, piecePlace(d.ID, file, upload.Offset))
	if err != nil {
		return err
	}
	if err := i.Store.Add(ctx, d.ID, file, Piece{At: upload.Offset, Size: len(piece), Sealed: sealed}); err != nil {
		return err
	}
	upload.Offset += int64(len(piece))
	return nil
}

const pieceDomain = "kapok/returned-piece/v1\x00"

// uploadKey seals the pieces of a delivery; it ends with its generation's key.
func (i *Importer) uploadKey(ctx context.Context, d Delivery) (*keys.PersonKey, error) {
	generation, err := openKey(ctx, i.Store, i.Persons, GenerationKey, GenerationOwner(d.Generation))
	if err != nil {
		return nil, err
	}
	defer generation.Forget()
	return generation.Join(generation, []byte(pieceDomain+d.ID)), nil
}

// piecePlace binds a piece to where it belongs.
func piecePlace(delivery string, file int, at int64) []byte {
	out := fmt.Appendf(nil, "%s%s\x00%d\x00", pieceDomain, delivery, file)
	return binary.BigEndian.AppendUint64(out, uint64(at))
}

// LandUploaded lands every delivery whose files are all here. Any number of nodes may do
// it at once: a dataset is worked on by one of them, and who comes later finds it done.
func (i *Importer) LandUploaded(ctx context.Context) error {
	waiting, err := i.Store.Awaiting(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, one := range waiting {
		if err := i.landUploaded(ctx, one); err != nil && gateway.AsError(err).Code != "return-busy" {
			failed = errors.Join(failed, fmt.Errorf("delivery %s: %w", one.ID, err))
		}
	}
	return failed
}

func (i *Importer) landUploaded(ctx context.Context, d Delivery) error {
	uploads, err := i.Uploads(ctx, d)
	if err != nil || slices.ContainsFunc(uploads, func(u Upload) bool { return !u.Whole() }) {
		return err
	}
	key, err := i.uploadKey(ctx, d)
	if err != nil {
		return err
	}
	defer key.Forget()
	_, err = i.Import(ctx, d.ID, &arrived{ctx: ctx, store: i.Store, delivery: d, key: key}, d.Actor, func(Progress) {})
	return err
}
