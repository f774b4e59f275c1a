package returns

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"slices"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// csvFile reads RFC 4180, in UTF-8 or GB 18030: in both, the bytes of comma, quote and
// line end stand for nothing else.
type csvFile struct {
	track   *track
	reader  *csv.Reader
	base    int64 // offset at which reader began
	lines   int64 // lines before it
	columns int
	decode  func(string) (string, bool)
}

func newCSV(file io.Reader, m Manifest, at Place) (records, error) {
	tracked, err := newTrack(file, at)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReaderSize(tracked, readBuffer)
	c := &csvFile{track: tracked, base: at.Offset, lines: at.Line, columns: len(m.Columns), decode: encodings[m.Encoding]()}
	if at.Offset == 0 {
		c.skipMark(buffered)
	}
	c.reader = csv.NewReader(buffered)
	c.reader.FieldsPerRecord = -1 // counted here, so that the next line can be read
	c.reader.ReuseRecord = true
	if at.Offset == 0 {
		return c, c.header(m.Columns)
	}
	return c, nil
}

func (c *csvFile) skipMark(buffered *bufio.Reader) {
	if begin, _ := buffered.Peek(len(byteOrderMark)); slices.Equal(begin, byteOrderMark) {
		_, _ = buffered.Discard(len(begin)) // they were peeked
		c.base = int64(len(begin))
	}
}

// errHeader says that a file does not begin with the manifest's columns.
var errHeader = errors.New("returns: the header differs")

func (c *csvFile) header(columns []string) error {
	var first record
	if err := c.next(&first); err != nil || first.rule != "" || !slices.Equal(first.fields, columns) {
		return errHeader
	}
	return nil
}

func (c *csvFile) next(r *record) error {
	fields, err := c.reader.Read()
	c.track.begun = c.base + c.reader.InputOffset()
	*r = record{fields: fields}
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		r.line, r.rule = c.lines+int64(broken.StartLine), RuleQuote
		return nil
	}
	if err != nil {
		return err
	}
	line, _ := c.reader.FieldPos(0)
	r.line = c.lines + int64(line)
	if len(fields) != c.columns {
		r.rule = RuleColumns
		return nil
	}
	for i, field := range fields {
		text, fits := c.decode(field)
		if !fits {
			r.rule = RuleEncoding
			return nil
		}
		fields[i] = text
	}
	return nil
}

func (c *csvFile) place() (Place, error) { return c.track.place(c.base + c.reader.InputOffset()) }

func (c *csvFile) digest() []byte { return c.track.digest() }
