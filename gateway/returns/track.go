package returns

import (
	"bytes"
	"errors"
	"hash"
	"io"

	"kapok/crypto/sm"
)

const (
	maxRecord  = 1 << 20   // bytes of one record
	readBuffer = 256 << 10 // bytes that a parser may be ahead of the record it hands out
)

// errLong says that a record does not end where it should.
var errLong = errors.New("returns: the record is too long")

// track hashes a file up to the record that was handed out last, though its parser
// has read further: so the hash can be kept together with the place.
type track struct {
	from  io.Reader
	hash  hash.Hash
	ahead []byte // read and not yet settled
	at    int64  // bytes settled
	line  int64  // lines settled
	begun int64  // where the record that is being read begins
}

// Place is where a file was left off.
type Place struct {
	Offset int64  `json:"offset"` // bytes of a text, rows of a workbook
	Line   int64  `json:"line"`   // lines before it
	Hash   []byte `json:"hash"`   // SM3 of what lies before it, to be gone on with; nil at the beginning
}

func newTrack(from io.Reader, at Place) (*track, error) {
	t := &track{from: from, hash: sm.NewHash(), at: at.Offset, line: at.Line, begun: at.Offset}
	if at.Hash == nil {
		return t, nil
	}
	var err error
	t.hash, err = sm.ResumeHash(at.Hash)
	return t, err
}

func (t *track) Read(p []byte) (int, error) {
	if t.at+int64(len(t.ahead))-t.begun > maxRecord+readBuffer {
		return 0, errLong
	}
	n, err := t.from.Read(p)
	t.ahead = append(t.ahead, p[:n]...)
	return n, err
}

// settle says that all up to offset was handed out.
func (t *track) settle(offset int64) {
	done := t.ahead[:offset-t.at]
	t.hash.Write(done)
	t.line += int64(bytes.Count(done, []byte{'\n'}))
	t.ahead = append(t.ahead[:0], t.ahead[len(done):]...)
	t.at = offset
}

// place is where reading goes on, once all up to offset is settled.
func (t *track) place(offset int64) (Place, error) {
	t.settle(offset)
	state, err := sm.SaveHash(t.hash)
	return Place{Offset: t.at, Line: t.line, Hash: state}, err
}

// digest is the SM3 of the whole, once its end was reached.
func (t *track) digest() []byte {
	t.settle(t.at + int64(len(t.ahead)))
	return t.hash.Sum(nil)
}
