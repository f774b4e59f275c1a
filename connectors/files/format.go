package files

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
)

// span is where a row stands.
type span struct {
	from int64
	size int32
	line int32 // counted from 1
}

// maxRow bounds one row, in bytes.
const maxRow = 1 << 20

// reader walks the rows of a file in order and reads one row alone.
type reader interface {
	walk(all io.Reader, visit func(at span, record connectors.Record) error) error
	row(raw []byte) (connectors.Record, error)
}

// formats are the values of the setting format. A reader is made for each file.
var formats = map[string]func(decode decoder, subject string) reader{
	"csv":   func(decode decoder, subject string) reader { return &csvRows{decode: decode, subject: subject} },
	"jsonl": func(decoder, string) reader { return jsonLines{} },
}

// decoder turns a value's bytes into UTF-8; false where they are not of its encoding.
type decoder func(raw string) (string, bool)

// decoders are the values of the setting encoding. What separates values in a CSV is
// never part of a character in GB 18030, so rows are cut before they are decoded.
var decoders = map[string]decoder{
	"utf-8": func(raw string) (string, bool) { return raw, utf8.ValidString(raw) },
	"gb18030": func(raw string) (string, bool) {
		text, err := simplifiedchinese.GB18030.NewDecoder().String(raw)
		return text, err == nil && !bytes.ContainsRune([]byte(text), utf8.RuneError)
	},
}

func broken(line int, rule string) error {
	return fmt.Errorf("%w: line %d: %s", connectors.ErrGarbage, line, rule)
}

// csvRows reads RFC 4180 with a header.
type csvRows struct {
	decode  decoder
	subject string
	header  []string
}

func (c *csvRows) walk(all io.Reader, visit func(span, connectors.Record) error) error {
	rows := csv.NewReader(all)
	rows.ReuseRecord, rows.FieldsPerRecord = true, 0 // as many values as the header has
	header, err := rows.Read()
	if err != nil {
		return csvFault(err)
	}
	if err := c.readHeader(header); err != nil {
		return err
	}
	for {
		from := rows.InputOffset()
		values, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvFault(err)
		}
		line, _ := rows.FieldPos(0)
		if rows.InputOffset()-from > maxRow {
			return broken(line, "the row is too long")
		}
		record, err := c.record(values, line)
		if err != nil {
			return err
		}
		if err := visit(span{from, int32(rows.InputOffset() - from), int32(line)}, record); err != nil {
			return err
		}
	}
}

func (c *csvRows) readHeader(names []string) error {
	for i, raw := range names {
		if i == 0 {
			raw = string(bytes.TrimPrefix([]byte(raw), []byte("\ufeff")))
		}
		name, fits := c.decode(raw)
		if !fits || name == "" || slices.Contains(c.header, name) {
			return broken(1, "a column has no name, a name twice or one in another encoding")
		}
		c.header = append(c.header, name)
	}
	if !slices.Contains(c.header, c.subject) {
		return broken(1, "the subject's column is missing")
	}
	return nil
}

func (c *csvRows) record(values []string, line int) (connectors.Record, error) {
	record := make(connectors.Record, len(values))
	for i, raw := range values {
		value, fits := c.decode(raw)
		if !fits {
			return nil, broken(line, "a value is in another encoding")
		}
		record[c.header[i]] = value
	}
	return record, nil
}

func (c *csvRows) row(raw []byte) (connectors.Record, error) {
	rows := csv.NewReader(bytes.NewReader(raw))
	rows.FieldsPerRecord = len(c.header)
	values, err := rows.Read()
	if err != nil {
		return nil, csvFault(err)
	}
	return c.record(values, 1)
}

// csvFault keeps the place and drops the rest. What the store said comes through.
func csvFault(err error) error {
	if place, is := errors.AsType[*csv.ParseError](err); is {
		return broken(place.Line, "the row is not one of the CSV's: a quote, or the number of its values")
	}
	if errors.Is(err, io.EOF) {
		return broken(1, "there is no header")
	}
	return storeFault(err)
}

// jsonLines reads one object a line.
type jsonLines struct{}

func (j jsonLines) walk(all io.Reader, visit func(span, connectors.Record) error) error {
	lines := bufio.NewReaderSize(all, maxRow)
	at := span{line: 1}
	for {
		raw, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return broken(int(at.line), "the line is too long")
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return storeFault(err)
		}
		at.size = int32(len(raw))
		if len(bytes.TrimSpace(raw)) > 0 {
			record, parseErr := j.row(raw)
			if parseErr != nil {
				return broken(int(at.line), "it is not one JSON object of plain values")
			}
			if err := visit(at, record); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		at.from, at.line = at.from+int64(at.size), at.line+1
	}
}

func (jsonLines) row(raw []byte) (connectors.Record, error) {
	whole, valid := jsonrecords.Parse(raw)
	if !valid {
		return nil, broken(1, "it is not JSON in UTF-8")
	}
	return jsonrecords.ReadRecord(whole)
}
