package ledger

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// An exported log is cut into chunks of a fixed range of indices, a complete
// subtree each, so that they can be read and hashed on their own (FORMAT.md §11).
const (
	chunkHeight = 16
	// ChunkEntries is how many entries a chunk holds; the last one may hold fewer.
	ChunkEntries = 1 << chunkHeight

	entriesMagic = "kapok/entries/v1\n"
	maxEntry     = 1<<16 - 1 // bytes; more than an entry can have
)

// writeEntriesHead begins a file of entries.
func writeEntriesHead(to io.Writer, first uint64) error {
	_, err := to.Write(binary.BigEndian.AppendUint64([]byte(entriesMagic), first))
	return err
}

// writeEntry adds an entry to a file of entries.
func writeEntry(to io.Writer, encoded []byte) error {
	if len(encoded) == 0 || len(encoded) > maxEntry {
		return fmt.Errorf("ledger: an entry of %d bytes", len(encoded))
	}
	var length [2]byte
	binary.BigEndian.PutUint16(length[:], uint16(len(encoded)))
	if _, err := to.Write(length[:]); err != nil {
		return err
	}
	_, err := to.Write(encoded)
	return err
}

var errEntriesHead = errors.New("it does not begin as a file of entries with the first index that its name says")

// entryReader reads the entries of one file, holding one at a time.
type entryReader struct{ in *bufio.Reader }

const entryBuffer = 256 << 10

func newEntryReader(from io.Reader, first uint64) (*entryReader, error) {
	r := &entryReader{bufio.NewReaderSize(from, entryBuffer)}
	head, err := r.in.Peek(len(entriesMagic) + 8)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err != nil || string(head[:len(entriesMagic)]) != entriesMagic || binary.BigEndian.Uint64(head[len(entriesMagic):]) != first {
		return nil, errEntriesHead
	}
	_, err = r.in.Discard(len(head))
	return r, err
}

// next returns an entry, valid until the next call; io.EOF where the file ends
// between two.
func (r *entryReader) next() ([]byte, error) {
	length, err := r.in.Peek(2)
	if err != nil {
		return nil, endWithin(err, len(length))
	}
	size := 2 + int(binary.BigEndian.Uint16(length))
	framed, err := r.in.Peek(size)
	if err != nil {
		return nil, endWithin(err, len(framed))
	}
	_, err = r.in.Discard(size)
	return framed[2:], err
}

func endWithin(err error, had int) error {
	if errors.Is(err, io.EOF) && had > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
