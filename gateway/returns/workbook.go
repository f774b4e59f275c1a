package returns

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/xuri/excelize/v2"

	"kapok/crypto/sm"
)

const (
	maxWorkbook = 64 << 20 // bytes, packed
	maxUnpacked = 2 << 30  // bytes; sheets above 16 MiB are unpacked to the disk
)

// errSheet says that a workbook is none, or holds not exactly one table.
var errSheet = errors.New("returns: not a workbook with one sheet of rows")

// workbook reads the one sheet of an xlsx file row by row. Values are those that the
// cells hold, not as they are shown: dates have to be text.
type workbook struct {
	rows    *excelize.Rows
	row     int64
	columns int
	sum     [sm.Size]byte
}

// newWorkbook hashes the packed file before it reads from it: what is read is what was
// hashed. A place in it is the number of rows before.
func newWorkbook(file io.Reader, m Manifest, at Place) (records, error) {
	packed, err := io.ReadAll(io.LimitReader(file, maxWorkbook+1))
	if err != nil {
		return nil, err
	}
	if len(packed) > maxWorkbook {
		return nil, errSheet
	}
	rows, err := sheetOf(packed)
	if err != nil {
		return nil, err
	}
	w := &workbook{rows: rows, columns: len(m.Columns), sum: sm.Sum(packed)}
	if err := w.header(m.Columns); err != nil {
		return nil, err
	}
	for w.row < at.Offset {
		if !rows.Next() {
			return nil, errSheet
		}
		w.row++
	}
	return w, nil
}

func sheetOf(packed []byte) (*excelize.Rows, error) {
	book, err := excelize.OpenReader(bytes.NewReader(packed), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: 16 << 20,
	})
	if err != nil {
		return nil, errors.Join(errSheet, err)
	}
	sheets := book.GetSheetList()
	if len(sheets) != 1 {
		return nil, errors.Join(errSheet, book.Close())
	}
	rows, err := book.Rows(sheets[0])
	if err != nil {
		return nil, errors.Join(errSheet, err, book.Close())
	}
	return rows, nil
}

func (w *workbook) header(columns []string) error {
	var first record
	if err := w.next(&first); err != nil || first.rule != "" || !slices.Equal(first.fields, columns) {
		return errHeader
	}
	return nil
}

func (w *workbook) next(r *record) error {
	for w.rows.Next() {
		w.row++
		fields, err := w.rows.Columns()
		if err != nil {
			return errors.Join(errSheet, err)
		}
		if len(fields) > 0 {
			*r = w.record(fields)
			return nil
		}
	}
	if err := w.rows.Error(); err != nil {
		return errors.Join(errSheet, err)
	}
	return io.EOF
}

// record fills up a row: empty cells at its end are not written in the file.
func (w *workbook) record(fields []string) record {
	r := record{line: w.row, fields: fields}
	for len(r.fields) < w.columns {
		r.fields = append(r.fields, "")
	}
	if len(r.fields) > w.columns {
		r.rule = RuleColumns
	}
	for _, field := range r.fields {
		if _, fits := validUTF8(field); !fits {
			r.rule = RuleEncoding
		}
	}
	return r
}

func (w *workbook) place() (Place, error) { return Place{Offset: w.row, Line: w.row}, nil }

func (w *workbook) digest() []byte { return w.sum[:] }
