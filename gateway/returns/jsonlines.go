package returns

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// jsonLines reads one JSON object a line (RFC 8259, UTF-8).
type jsonLines struct {
	track   *track
	lines   *bufio.Reader
	at      int64
	line    int64
	columns []string
	fields  []string
	longer  []byte // a line that did not fit the buffer
}

func newJSONLines(file io.Reader, m Manifest, at Place) (records, error) {
	tracked, err := newTrack(file, at)
	if err != nil {
		return nil, err
	}
	return &jsonLines{
		track: tracked, lines: bufio.NewReaderSize(tracked, readBuffer), at: at.Offset, line: at.Line,
		columns: m.Columns, fields: make([]string, len(m.Columns)),
	}, nil
}

func (j *jsonLines) next(r *record) error {
	for {
		line, err := j.readLine()
		if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
			return err
		}
		j.at += int64(len(line))
		j.line++
		j.track.begun = j.at
		if line = bytes.TrimSpace(line); len(line) > 0 {
			*r = record{line: j.line, fields: j.fields, rule: j.read(line)}
			return nil
		}
	}
}

func (j *jsonLines) readLine() ([]byte, error) {
	line, err := j.lines.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	j.longer = append(j.longer[:0], line...)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = j.lines.ReadSlice('\n')
		j.longer = append(j.longer, line...)
	}
	return j.longer, err
}

// read puts an object's members into the fields and returns the rule it breaks.
func (j *jsonLines) read(line []byte) (rule string) {
	if !utf8.Valid(line) {
		return RuleEncoding
	}
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil || decoder.More() {
		return RuleJSON
	}
	known := 0
	for i, column := range j.columns {
		value, present := members[column]
		if present {
			known++
		}
		text, plain := plainText(value)
		if !plain {
			return RuleJSON
		}
		if _, fits := validUTF8(text); !fits {
			return RuleEncoding
		}
		j.fields[i] = text
	}
	if known != len(members) {
		return RuleJSON
	}
	return ""
}

func plainText(value any) (string, bool) {
	switch known := value.(type) {
	case nil:
		return "", true
	case string:
		return known, true
	case json.Number:
		return known.String(), true
	case bool:
		return strconv.FormatBool(known), true
	}
	return "", false
}

func (j *jsonLines) place() (Place, error) { return j.track.place(j.at) }

func (j *jsonLines) digest() []byte { return j.track.digest() }
