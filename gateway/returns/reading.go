package returns

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"kapok/crypto/sm"
)

// seekable is a file that can be read from a place on.
type seekable interface {
	fs.File
	io.Seeker
}

// reading is one file being read.
type reading struct {
	landing *landing
	file    File
	from    Progress
	content hash.Hash
	to      chan<- batch

	opened  seekable
	before  fs.FileInfo
	records records
	counter *counter
	checker *checker
	values  []string
	scratch []byte

	skippedRecords bool // some broke a rule and are in no count
}

// all reads the file from where it was left off to its end.
func (r *reading) all(ctx context.Context) (Progress, error) {
	file, err := r.landing.files.Open(r.file.Name)
	if err != nil {
		r.wrong(RuleMissing)
		return r.from, nil //nolint:nilerr // it is a finding
	}
	opened, seeks := file.(seekable)
	if !seeks {
		return r.from, fmt.Errorf("returns: %s cannot be read from a place on", r.file.Name)
	}
	defer opened.Close() // it was only read
	if r.before, err = opened.Stat(); err != nil {
		return r.from, err
	}
	if r.before.Size() != r.file.Size {
		r.wrong(RuleSize)
		return r.from, nil
	}
	r.opened = opened
	if err := r.begin(); err != nil {
		return r.from, r.unreadable(err)
	}
	return r.from, r.unreadable(r.batches(ctx))
}

func (r *reading) begin() (err error) {
	m, d := r.landing.delivery.Manifest, r.landing.dataset
	if r.file.Layout != "xlsx" && r.from.Place.Offset > 0 {
		if _, err := r.opened.Seek(r.from.Place.Offset, io.SeekStart); err != nil {
			return err
		}
	}
	rest := io.LimitReader(r.opened, r.file.Size-r.skipped())
	r.counter, r.checker = newCounter(d, r.from.Tally), newChecker(d, m)
	r.records, err = layouts[r.file.Layout](rest, m, r.from.Place)
	return err
}

func (r *reading) skipped() int64 {
	if r.file.Layout == "xlsx" {
		return 0
	}
	return r.from.Place.Offset
}

// batches reads to the end of the file and hands over one batch after another. The
// last one is handed over only when the whole file is what the manifest says: its
// progress tells that the file is done.
func (r *reading) batches(ctx context.Context) error {
	for {
		rows, ended, err := r.batch()
		if err != nil {
			return err
		}
		if err := r.note(int64(len(rows)), ended); err != nil {
			return err
		}
		if !ended {
			if err := r.hand(ctx, rows, r.from); err != nil {
				return err
			}
			continue
		}
		if err := r.compare(); err != nil {
			return err
		}
		return r.hand(ctx, rows, r.landing.nextFile(r.from))
	}
}

// hand gives a batch on, unless something was found wrong.
func (r *reading) hand(ctx context.Context, rows []checked, after Progress) error {
	if r.landing.broken.Load() {
		return nil
	}
	select {
	case r.to <- batch{rows: rows, after: after}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *reading) batch() (rows []checked, ended bool, err error) {
	width := len(r.landing.dataset.Columns)
	r.values = make([]string, batchRows*width)
	rows = make([]checked, 0, batchRows)
	var one record
	for len(rows) < batchRows {
		if err := r.records.next(&one); errors.Is(err, io.EOF) {
			return rows, true, nil
		} else if err != nil {
			return rows, false, err
		}
		row := checked{file: int16(r.from.File), values: r.values[:width:width]}
		if r.accept(&one, &row) {
			r.values = r.values[width:]
			rows = append(rows, row)
		}
	}
	return rows, false, nil
}

// accept checks a record, counts it and adds it to the content's digest.
func (r *reading) accept(one *record, row *checked) bool {
	if one.rule != "" {
		r.skippedRecords = true
		r.landing.find(Finding{File: r.file.Name, Line: one.line, Rule: one.rule})
		return false
	}
	broken := func(field, rule string) {
		r.landing.find(Finding{File: r.file.Name, Line: one.line, Field: field, Rule: rule})
	}
	if !r.checker.check(one, row, broken) {
		r.skippedRecords = true
		return false
	}
	r.counter.add(row)
	r.scratch = canonical(r.scratch[:0], row.mark, row.values)
	r.content.Write(r.scratch)
	return true
}

// note moves the progress on.
func (r *reading) note(rows int64, ended bool) (err error) {
	before := r.from.Place.Offset
	if ended {
		r.from.Read += r.file.Size - r.readOf(before)
	} else if r.from.Place, err = r.records.place(); err != nil {
		return err
	} else {
		r.from.Read += r.readOf(r.from.Place.Offset) - r.readOf(before)
	}
	r.from.Tally = r.counter.tally()
	r.from.Landed += rows
	r.from.Content, err = sm.SaveHash(r.content)
	return err
}

// readOf is how many bytes lie before a place; of a workbook that is not known.
func (r *reading) readOf(offset int64) int64 {
	if r.file.Layout == "xlsx" {
		return 0
	}
	return offset
}

// compare holds the file that was read against the manifest. Counts and sums say
// something only where every record was counted.
func (r *reading) compare() error {
	after, err := r.opened.Stat()
	if err != nil {
		return err
	}
	changed := !after.ModTime().Equal(r.before.ModTime()) || after.Size() != r.before.Size()
	if hex.EncodeToString(r.records.digest()) != r.file.SM3 {
		r.wrong(map[bool]string{true: RuleChanged, false: RuleDigest}[changed])
	}
	if r.skippedRecords {
		return nil
	}
	if r.from.Tally.Rows != r.file.Rows {
		r.wrong(RuleRows)
	}
	for _, column := range r.landing.dataset.Columns {
		stated, summed := r.file.Sums[column.Source]
		if summed && !SameNumber(stated, r.from.Tally.Sums[column.Source]) {
			r.landing.find(Finding{File: r.file.Name, Field: column.Source, Rule: RuleSums})
		}
	}
	return nil
}

func (r *reading) wrong(rule string) { r.landing.find(Finding{File: r.file.Name, Rule: rule}) }

// unreadable turns what ends a file early into a finding; a failure of ours stays one.
func (r *reading) unreadable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for _, known := range []struct {
		is   error
		rule string
	}{{errHeader, RuleHeader}, {errLong, RuleLong}, {errSheet, RuleSheet}} {
		if errors.Is(err, known.is) {
			r.wrong(known.rule)
			return nil
		}
	}
	return fmt.Errorf("returns: read %s: %w", r.file.Name, err)
}
