package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/transparency-dev/merkle/compact"

	"kapok/crypto/sm"
)

// Records is what an export reads of a database, in order and one record at a time.
type Records interface {
	// Entries hands out the entries of index first to end-1 that there are.
	Entries(ctx context.Context, origin string, first, end uint64, each func(index uint64, encoded []byte) error) error
	// Notes hands out the checkpoints of a size above first, up to end.
	Notes(ctx context.Context, origin string, first, end uint64, each func(note string) error) error
	// Chain returns the certificates of an operational key, the root last.
	Chain(ctx context.Context, origin, key string) ([][]byte, error)
	// Tiles is as [Archive] has it.
	Tiles(ctx context.Context, origin string, ids []TileID) ([]Tile, error)
}

// Range is what to export: the entries of index First to Size-1. First is a
// multiple of [ChunkEntries], and Size that of a checkpoint.
type Range struct {
	Origin      string
	First, Size uint64
}

// Export writes a range of a log into a new or empty folder (FORMAT.md §11). It
// copies and judges nothing but gaps, so that also an altered log can be shown to
// others; [VerifyLog] judges. When it returns nil, the files are on the disk. The
// manifest is written last: a folder without one is no export.
func Export(ctx context.Context, from Records, wanted Range, folder string) error {
	e := &export{from: from, folder: folder, manifest: manifest{
		First: wanted.First, Kind: manifestKind, Origin: wanted.Origin, Size: wanted.Size, Version: manifestVersion,
	}}
	if err := e.prepare(ctx); err != nil {
		return err
	}
	for number := range e.manifest.Chunks {
		if err := e.chunk(ctx, number); err != nil {
			return err
		}
	}
	return e.finish(ctx)
}

type export struct {
	from     Records
	folder   string
	manifest manifest
	keys     []string // in the order of their first use
	last     uint64   // size of the last checkpoint written
}

func (e *export) prepare(ctx context.Context) error {
	m := &e.manifest
	if m.First%ChunkEntries != 0 || m.Size <= m.First {
		return fmt.Errorf("ledger: an export begins at a multiple of %d, and holds at least one entry", ChunkEntries)
	}
	for range (m.Size - m.First + ChunkEntries - 1) / ChunkEntries {
		m.Chunks = append(m.Chunks, manifestChunk{})
	}
	for _, name := range []string{"entries", "checkpoints"} {
		if err := os.MkdirAll(filepath.Join(e.folder, name), 0o750); err != nil {
			return err
		}
	}
	return e.left(ctx)
}

// left takes the peaks of what lies before the range from the tiles.
func (e *export) left(ctx context.Context) error {
	ids := compact.RangeNodes(0, e.manifest.First, nil)
	nodes, err := nodesAt(ctx, e.from, e.manifest.Origin, e.manifest.First, ids)
	for _, node := range nodes {
		e.manifest.Left = append(e.manifest.Left, node[:])
	}
	return err
}

func (e *export) chunk(ctx context.Context, number int) error {
	at := e.manifest.chunk(number)
	sum, root, err := e.entries(ctx, at)
	if err != nil {
		return err
	}
	notes, err := e.checkpoints(ctx, at)
	e.manifest.Chunks[number] = manifestChunk{Entries: sum, Root: root[:], Checkpoints: notes}
	return err
}

func (e *export) entries(ctx context.Context, chunk uint64) (sum []byte, root Hash, err error) {
	first, end := e.manifest.span(chunk)
	tree, next := newPeaks(), first
	sum, err = e.file(entriesName(chunk), func(to io.Writer) error {
		if err := writeEntriesHead(to, first); err != nil {
			return err
		}
		return e.from.Entries(ctx, e.manifest.Origin, first, end, func(index uint64, encoded []byte) error {
			if index != next {
				return missing(e.manifest.Origin, next)
			}
			next++
			tree.add(0, tree.leaf(encoded))
			return writeEntry(to, encoded)
		})
	})
	if err == nil && next != end {
		err = missing(e.manifest.Origin, next)
	}
	return sum, tree.root(), err
}

func missing(origin string, index uint64) error {
	return fmt.Errorf("ledger: entry %d of %s is missing", index, origin)
}

func (e *export) checkpoints(ctx context.Context, chunk uint64) ([]byte, error) {
	first, end := e.manifest.span(chunk)
	return e.file(checkpointsName(chunk), func(to io.Writer) error {
		return e.from.Notes(ctx, e.manifest.Origin, first, end, func(printed string) error {
			n, err := parseNote(printed)
			if err != nil {
				return fmt.Errorf("ledger: a checkpoint of %s between %d and %d: %w", e.manifest.Origin, first, end, err)
			}
			head, err := n.checkpoint()
			if err != nil {
				return err
			}
			e.last = head.Size
			if !slices.Contains(e.keys, n.name) {
				e.keys = append(e.keys, n.name)
			}
			_, err = io.WriteString(to, printed)
			return err
		})
	})
}

func (e *export) finish(ctx context.Context) error {
	if e.last != e.manifest.Size {
		return fmt.Errorf("ledger: %s has no checkpoint of size %d", e.manifest.Origin, e.manifest.Size)
	}
	keys := logKeys{Kind: keysKind, Version: keysVersion}
	for _, name := range e.keys {
		chain, err := e.from.Chain(ctx, e.manifest.Origin, name)
		if err != nil {
			return err
		}
		keys.Keys = append(keys.Keys, KeyChain{Chain: withoutRoot(chain), Key: name})
	}
	var err error
	if e.manifest.Keys, err = e.file(keysName, writing(keys.encode())); err != nil {
		return err
	}
	if err := e.syncFolders(); err != nil {
		return err
	}
	if _, err = e.file(manifestName, writing(e.manifest.encode())); err != nil {
		return err
	}
	return e.syncFolders()
}

func writing(content []byte) func(io.Writer) error {
	return func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	}
}

// file writes a new file to the disk and returns the SM3 of its content.
func (e *export) file(name string, write func(io.Writer) error) ([]byte, error) {
	path := filepath.Join(e.folder, filepath.FromSlash(name))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640) //nolint:gosec // the operator named the folder
	if err != nil {
		return nil, err
	}
	summed := &summedFile{file: file, sum: sm.NewHash()}
	buffered := bufio.NewWriterSize(summed, entryBuffer)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	return summed.sum.Sum(nil), errors.Join(err, file.Close())
}

type summedFile struct {
	file *os.File
	sum  hash.Hash
}

func (s *summedFile) Write(b []byte) (int, error) {
	s.sum.Write(b)
	return s.file.Write(b)
}

// syncFolders makes the names of the files as durable as their content.
func (e *export) syncFolders() error {
	for _, name := range []string{"entries", "checkpoints", "."} {
		folder, err := os.Open(filepath.Join(e.folder, name))
		if err != nil {
			return err
		}
		if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
			return err
		}
	}
	return nil
}
