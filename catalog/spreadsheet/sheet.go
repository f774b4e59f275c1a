package spreadsheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// What a form may be at most.
const (
	MaxBytes    = 16 << 20 // of the file
	maxUnpacked = 96 << 20
	maxRows     = 200_000 // of one sheet
	maxColumns  = 256
	maxSheets   = 64
)

// Sheet is one table of texts. Row and column n of it stand at index n-1.
type Sheet struct {
	Name string
	Rows [][]string
}

// ErrFormat says that a file is no form that can be read; its text says why.
var ErrFormat = errors.New("spreadsheet: the file cannot be read as a form")

// Open opens a form by the ending of its name: .xlsx, or .csv in UTF-8 (with or
// without a byte order mark) or GB18030. The error is [ErrFormat], or [Problems]
// where a place can be named.
func Open(name string, content []byte) ([]Sheet, error) {
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrFormat, MaxBytes)
	}
	open, known := formats[strings.ToLower(path.Ext(name))]
	if !known {
		return nil, fmt.Errorf("%w: its name ends neither in .xlsx nor in .csv", ErrFormat)
	}
	return open(name, content)
}

var formats = map[string]func(name string, content []byte) ([]Sheet, error){
	".xlsx": readXLSX,
	".csv":  readCSV,
}

// readXLSX reads what was typed, not how it is shown: a date's look depends on the
// machine that shows it. What unpacks to too much is not unpacked to its end.
func readXLSX(_ string, content []byte) ([]Sheet, error) {
	if !bytes.HasPrefix(content, []byte("PK")) {
		return nil, fmt.Errorf("%w: it is no .xlsx workbook, or one locked with a password", ErrFormat)
	}
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: it is no .xlsx workbook, or one that unpacks to more than %d bytes", ErrFormat, maxUnpacked)
	}
	defer func() { _ = book.Close() }() // temporary files only
	names := book.GetSheetList()
	if len(names) > maxSheets {
		return nil, fmt.Errorf("%w: it has more than %d sheets", ErrFormat, maxSheets)
	}
	var sheets []Sheet
	for _, name := range names {
		sheet, err := readRows(book, name)
		if err != nil {
			return nil, err
		}
		if len(sheet.Rows) > 0 {
			sheets = append(sheets, sheet)
		}
	}
	return sheets, nil
}

// readRows stops at the first row that is too many.
func readRows(book *excelize.File, name string) (Sheet, error) {
	sheet := Sheet{Name: name}
	rows, err := book.Rows(name)
	if err != nil {
		return sheet, fmt.Errorf("%w: a sheet is broken", ErrFormat)
	}
	defer func() { _ = rows.Close() }() // temporary files only
	for rows.Next() {
		row, err := rows.Columns()
		if err != nil {
			return sheet, fmt.Errorf("%w: a sheet is broken", ErrFormat)
		}
		if err := sheet.add(row); err != nil {
			return sheet, err
		}
	}
	if rows.Error() != nil {
		return sheet, fmt.Errorf("%w: a sheet is broken", ErrFormat)
	}
	return sheet, nil
}

// readCSV counts rows as a person sees them: a quoted cell may span lines, and a blank
// line is a row.
func readCSV(name string, content []byte) ([]Sheet, error) {
	sheet := Sheet{Name: path.Base(name)}
	text, err := decoded(content)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1
	for line, seen := 1, int64(0); ; {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return []Sheet{sheet}, nil
		}
		broken, unpaired := errors.AsType[*csv.ParseError](err)
		if err != nil && !unpaired {
			return nil, fmt.Errorf("%w: it is no .csv", ErrFormat)
		}
		start := 0
		if unpaired {
			start = broken.StartLine
		} else {
			start, _ = reader.FieldPos(0)
		}
		for range start - line {
			if err := sheet.add(nil); err != nil {
				return nil, err
			}
		}
		if unpaired {
			return nil, Problems{{Sheet: sheet.Name, Row: len(sheet.Rows) + 1, Zh: "引号没有配对。", En: "The quotes of this row do not pair."}}
		}
		if err := sheet.add(row); err != nil {
			return nil, err
		}
		line += bytes.Count(text[seen:reader.InputOffset()], []byte("\n"))
		seen = reader.InputOffset()
	}
}

// decoded is the text in UTF-8. A text that is valid UTF-8 is not taken for GB18030.
func decoded(content []byte) ([]byte, error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if utf8.Valid(content) {
		return content, nil
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(content)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return nil, fmt.Errorf("%w: its text is neither UTF-8 nor GB18030", ErrFormat)
	}
	return text, nil
}

// add appends a row within the bounds of a sheet. Empty cells at its end are no cells.
func (s *Sheet) add(row []string) error {
	if len(s.Rows) == maxRows {
		return Problems{{Sheet: s.Name, Row: maxRows + 1, Zh: fmt.Sprintf("一张表最多 %d 行。", maxRows), En: fmt.Sprintf("A sheet has at most %d rows.", maxRows)}}
	}
	for len(row) > 0 && strings.TrimSpace(row[len(row)-1]) == "" {
		row = row[:len(row)-1]
	}
	if len(row) > maxColumns {
		return Problems{{Sheet: s.Name, Row: len(s.Rows) + 1, Zh: fmt.Sprintf("一行最多 %d 列。", maxColumns), En: fmt.Sprintf("A row has at most %d columns.", maxColumns)}}
	}
	s.Rows = append(s.Rows, row)
	return nil
}

// cell is the text at a row and a column, both from 1; "" beyond the edge.
func (s Sheet) cell(row, column int) string {
	if row > len(s.Rows) || column > len(s.Rows[row-1]) {
		return ""
	}
	return strings.TrimSpace(s.Rows[row-1][column-1])
}
