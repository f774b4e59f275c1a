package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"kapok/crypto/sm"
)

// scannedHead is a checkpoint of an exported log beside what its chunk's entries
// say.
type scannedHead struct {
	Checkpoint
	note     note // kept only where its signature will be checked
	kept     bool
	checked  bool // the signature was
	key      *logKey
	sealed   int64 // ms since 1970
	computed bool
	partial  Hash // root of the chunk's entries below the size
}

// chunkScan is what the reading of one chunk's two files found. Chunks are scanned
// at the same time, and put together in order.
type chunkScan struct {
	*logCheck
	number     uint64
	first, end uint64 // of the entries
	heads      []scannedHead
	read       uint64 // index after the last entry read
	root       Hash
	late       int64 // the latest time of an entry that no checkpoint of this chunk covers, ms; -1 for none
	lateIndex  uint64
	ended      bool // an entry said that it ends the log
	signatures int
}

func (c *logCheck) scanChunk(i int) *chunkScan {
	s := &chunkScan{logCheck: c, number: c.manifest.chunk(i), late: -1}
	s.first, s.end = c.manifest.span(s.number)
	s.read = s.first
	sums := c.manifest.Chunks[i]
	c.readFile(checkpointsName(s.number), sums.Checkpoints, s.readNotes)
	c.readFile(entriesName(s.number), sums.Entries, s.readEntries)
	return s
}

// readFile lets use read the file, and compares all of it with its sum.
func (c *logCheck) readFile(name string, sum []byte, use func(io.Reader)) {
	file, err := c.folder.Open(name)
	if err != nil {
		c.found.add("files", name, "it cannot be read")
		return
	}
	defer file.Close()
	h := sm.NewHash()
	summed := io.TeeReader(file, h)
	use(summed)
	if _, err := io.Copy(io.Discard, summed); err != nil {
		c.found.add("files", name, "it cannot be read to its end")
		return
	}
	if !bytes.Equal(h.Sum(nil), sum) {
		c.found.add("files", name, "its SM3 is not the one in the manifest")
	}
}

func (s *chunkScan) readNotes(from io.Reader) {
	name, notes := checkpointsName(s.number), newNoteReader(from)
	for {
		printed, err := notes.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.found.add("checkpoints", name, said(err))
			break
		}
		head, err := s.parse(printed)
		if err != nil {
			s.found.add("checkpoints", name, fmt.Sprintf("checkpoint %d of the file: %s", len(s.heads)+1, said(err)))
			break
		}
		s.take(head)
	}
	if last := len(s.heads) - 1; last >= 0 {
		s.heads[last].kept = true
	}
}

func (s *chunkScan) parse(printed string) (scannedHead, error) {
	n, err := parseNote(printed)
	if err != nil {
		return scannedHead{}, err
	}
	head, err := n.checkpoint()
	if err != nil {
		return scannedHead{}, err
	}
	if head.Origin != s.manifest.Origin {
		return scannedHead{}, errors.New("it is of another origin")
	}
	if head.Size <= s.first || head.Size > s.end {
		return scannedHead{}, errors.New("its size is not within the file's range")
	}
	key := s.keys[n.name]
	head.Origin, n.name = s.manifest.Origin, strings.Clone(n.name) // keep no part of the text alive
	return scannedHead{Checkpoint: head, note: n, key: key, sealed: head.Sealed.UnixMilli()}, nil
}

// take adds a checkpoint, and forgets the text of the one before, unless the key
// changes between the two.
func (s *chunkScan) take(head scannedHead) {
	if s.options.All {
		s.checkSignature(checkpointsName(s.number), &head)
		s.signatures++
	}
	if last := len(s.heads) - 1; last >= 0 {
		before := &s.heads[last]
		changed := before.note.name != head.note.name
		head.kept = changed
		before.kept = before.kept || changed
		if !before.kept {
			before.note = note{name: before.note.name}
		}
	} else {
		head.kept = true
	}
	s.heads = append(s.heads, head)
}

func (s *chunkScan) readEntries(from io.Reader) {
	name := entriesName(s.number)
	entries, err := newEntryReader(from, s.first)
	if err != nil {
		s.found.at("entries", name, s.first, said(err))
		return
	}
	tree, head := newPeaks(), 0
	for s.read < s.end {
		encoded, err := entries.next()
		if err != nil {
			s.found.at("entries", name, s.read, "the file ends before it or within it")
			return
		}
		s.entry(name, encoded, head)
		tree.add(0, tree.leaf(encoded))
		s.read++
		for head < len(s.heads) && s.heads[head].Size <= s.read {
			s.heads[head].computed = s.heads[head].Size == s.read
			s.heads[head].partial = tree.root()
			head++
		}
	}
	s.root = tree.root()
	if _, err := entries.next(); !errors.Is(err, io.EOF) {
		s.found.at("entries", name, s.end, "the file holds more than its range")
	}
}

// entry checks one entry; heads[head] is the checkpoint that covers it, if there
// is one in this chunk.
func (s *chunkScan) entry(name string, encoded []byte, head int) {
	at, err := checkEncoded(encoded)
	if err != nil {
		s.found.at("entries", name, s.read, said(err))
		return
	}
	if s.ended {
		s.found.at("entries", name, s.read, errEnded)
	}
	s.ended = s.ended || isRetired(encoded)
	if head < len(s.heads) {
		if at > s.heads[head].sealed {
			s.found.at("time", name, s.read, errLate)
		}
		return
	}
	if at > s.late {
		s.late, s.lateIndex = at, s.read
	}
}

const errEnded = "it stands after the entry that ended the log"

const errLate = "the entry's time is after that of its sealing"
