package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Shelf is a folder of archives: for each log a folder of its name, and in it one
// exported range (FORMAT.md §11) after the other, each named by its first index and its
// size. It reads; who puts an archive there has verified it.
type Shelf struct{ root string }

// NewShelf does not look at the folder yet.
func NewShelf(root string) *Shelf { return &Shelf{root} }

// ErrNotShelved says that no archive on the shelf holds what was asked for.
var ErrNotShelved = errors.New("ledger: no archive at hand holds this")

// Folder names where the archive of a range lies or is to lie.
func (s *Shelf) Folder(r Range) string {
	return filepath.Join(s.log(r.Origin), fmt.Sprintf("%012d-%012d", r.First, r.Size))
}

// log is the folder of one log; the prefix keeps a name such as ".." from being a path.
func (s *Shelf) log(origin string) string {
	return filepath.Join(s.root, "log-"+url.PathEscape(origin))
}

// holding finds an archive that holds a whole chunk.
func (s *Shelf) holding(origin string, chunk uint64) (string, error) {
	listed, err := os.ReadDir(s.log(origin))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotShelved, err)
	}
	for _, one := range listed {
		first, size, ok := rangeNamed(one.Name())
		if ok && first <= chunk*ChunkEntries && size >= (chunk+1)*ChunkEntries {
			return filepath.Join(s.log(origin), one.Name()), nil
		}
	}
	return "", fmt.Errorf("%w: entries %d to %d of %s", ErrNotShelved, chunk*ChunkEntries, (chunk+1)*ChunkEntries-1, origin)
}

func rangeNamed(name string) (first, size uint64, ok bool) {
	before, after, _ := strings.Cut(name, "-")
	first, errFirst := strconv.ParseUint(before, 10, 64)
	size, errSize := strconv.ParseUint(after, 10, 64)
	return first, size, errFirst == nil && errSize == nil
}

// Entries hands out the entries of index first to end-1, all of which lie in whole
// chunks of archives; what is handed out is valid until each returns.
func (s *Shelf) Entries(origin string, first, end uint64, each func(index uint64, encoded []byte) error) error {
	for first < end {
		chunk := first / ChunkEntries
		until := min(end, (chunk+1)*ChunkEntries)
		if err := s.entriesOf(origin, chunk, first, until, each); err != nil {
			return err
		}
		first = until
	}
	return nil
}

func (s *Shelf) entriesOf(origin string, chunk, first, until uint64, each func(uint64, []byte) error) error {
	folder, err := s.holding(origin, chunk)
	if err != nil {
		return err
	}
	file, err := os.DirFS(folder).Open(entriesName(chunk))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotShelved, err)
	}
	defer file.Close()
	entries, err := newEntryReader(file, chunk*ChunkEntries)
	if err != nil {
		return fmt.Errorf("ledger: %s of %s: %w", entriesName(chunk), origin, err)
	}
	for index := chunk * ChunkEntries; index < until; index++ {
		encoded, err := entries.next()
		if err != nil {
			return fmt.Errorf("ledger: entry %d in the archive of %s: %w", index, origin, err)
		}
		if index < first {
			continue
		}
		if err := each(index, encoded); err != nil {
			return err
		}
	}
	return nil
}

// Notes hands out the checkpoints of a size above first, up to end, which is the end
// of a whole chunk or within one.
func (s *Shelf) Notes(origin string, first, end uint64, each func(note string) error) error {
	for chunk := first / ChunkEntries; chunk*ChunkEntries < end; chunk++ {
		folder, err := s.holding(origin, chunk)
		if err != nil {
			return err
		}
		if err := notesOf(os.DirFS(folder), checkpointsName(chunk), first, end, each); err != nil {
			return err
		}
	}
	return nil
}

func notesOf(folder fs.FS, name string, first, end uint64, each func(string) error) error {
	file, err := folder.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotShelved, err)
	}
	defer file.Close()
	notes := newNoteReader(file)
	for {
		printed, err := notes.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ledger: %s: %w", name, err)
		}
		head, err := ParseCheckpoint(printed)
		if err != nil {
			return fmt.Errorf("ledger: %s: %w", name, err)
		}
		if head.Size <= first || head.Size > end {
			continue
		}
		if err := each(printed); err != nil {
			return err
		}
	}
}

// Covering returns the first checkpoint of an archive that covers an entry, which may
// lie past the entry's own chunk.
func (s *Shelf) Covering(origin string, index uint64) (string, error) {
	chunk := index / ChunkEntries
	folder, err := s.holding(origin, chunk)
	if err != nil {
		return "", err
	}
	found, done := "", errors.New("found")
	for ; ; chunk++ {
		err := notesOf(os.DirFS(folder), checkpointsName(chunk), index, maxJSONNumber, func(note string) error {
			found = note
			return done
		})
		if errors.Is(err, done) {
			return found, nil
		}
		if err != nil {
			return "", err
		}
	}
}

// CheckpointKey names the operational key that signed a checkpoint.
func CheckpointKey(signed string) (string, error) {
	n, err := parseNote(signed)
	return n.name, err
}
