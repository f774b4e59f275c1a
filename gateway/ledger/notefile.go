package ledger

import (
	"bufio"
	"errors"
	"io"
)

// noteLines is how many lines a signed checkpoint has: origin, size, root, time,
// an empty one, the signature.
const noteLines = 6

var errNoteFile = errors.New("it is not a sequence of signed checkpoints of six lines each")

// noteReader reads signed checkpoints that stand one after the other.
type noteReader struct {
	in  *bufio.Reader
	buf []byte
}

func newNoteReader(from io.Reader) *noteReader {
	return &noteReader{in: bufio.NewReaderSize(from, entryBuffer)}
}

// next returns a note as it is printed; io.EOF where the file ends between two.
func (r *noteReader) next() (string, error) {
	r.buf = r.buf[:0]
	for range noteLines {
		line, err := r.in.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 && len(r.buf) == 0 {
			return "", io.EOF
		}
		if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) || len(r.buf)+len(line) > maxNote {
			return "", errNoteFile
		}
		if err != nil {
			return "", err
		}
		r.buf = append(r.buf, line...)
	}
	return string(r.buf), nil
}
