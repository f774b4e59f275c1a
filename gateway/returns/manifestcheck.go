package returns

import (
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	maxFiles   = 1000
	maxColumns = 200
)

// check holds the manifest against the rules that need nothing but itself.
func (m Manifest) check() error {
	for _, rule := range []struct {
		field, says string
		holds       bool
	}{
		{"/format", "has the format " + Format, m.Format == Format},
		{"/dataset", "names a dataset", m.Dataset != ""},
		{"/item_version", "has an item_version from 1", m.ItemVersion >= 1},
		{"/version", "has a version from 1", m.Version >= 1},
		{"/kind", "has the kind full or incremental", m.Kind == Full || m.Kind == Incremental},
		{"/base", "has a base before its version when it is incremental, and none when it is full", m.baseFits()},
		{"/created", "says when it was made", !m.Created.IsZero()},
		{"/as_of", "says of when the data is, not after it was made", !m.AsOf.IsZero() && !m.AsOf.After(m.Created)},
		{"/watermark", "has a watermark when it is incremental, which begins before it ends", m.watermarkFits()},
		{"/keep_until", "says until when the data may be kept, after it was made", m.KeepUntil.After(m.Created)},
		{"/encoding", "has the encoding UTF-8 or GB18030", encodings[m.Encoding] != nil},
		{"/columns", fmt.Sprintf("names 1 to %d columns, none twice or empty", maxColumns), distinct(m.Columns, maxColumns)},
		{"/keys", "names key columns that are among its columns", distinct(m.Keys, maxColumns) && within(m.Keys, m.Columns)},
		{"/mark", "names the column of marks when it is incremental, which is no key", m.markFits()},
		{"/files", fmt.Sprintf("names 1 to %d files", maxFiles), len(m.Files) >= 1 && len(m.Files) <= maxFiles},
	} {
		if !rule.holds {
			return manifestInvalid(rule.field, rule.says)
		}
	}
	return m.checkFiles()
}

func (m Manifest) baseFits() bool {
	if m.Kind == Incremental {
		return m.Base >= 1 && m.Base < m.Version
	}
	return m.Base == 0
}

func (m Manifest) watermarkFits() bool {
	if m.Watermark == nil {
		return m.Kind != Incremental
	}
	return m.Watermark.From.Before(m.Watermark.To) && !m.Watermark.To.After(m.Created)
}

func (m Manifest) markFits() bool {
	if m.Kind == Incremental {
		return slices.Contains(m.Columns, m.Mark) && !slices.Contains(m.Keys, m.Mark)
	}
	return m.Mark == ""
}

func (m Manifest) checkFiles() error {
	seen := map[string]bool{}
	for i, file := range m.Files {
		at := fmt.Sprintf("/files/%d", i)
		if err := file.check(at); err != nil {
			return err
		}
		if seen[file.Name] {
			return manifestInvalid(at+"/name", "names no file twice")
		}
		seen[file.Name] = true
	}
	return nil
}

func (f File) check(at string) error {
	digest, err := hex.DecodeString(f.SM3)
	for _, rule := range []struct {
		field, says string
		holds       bool
	}{
		{"/name", "names a file by a plain name of at most 128 bytes, without a folder", plainFile(f.Name)},
		{"/layout", "has the layout csv, jsonl, xlsx or table", layouts[f.Layout] != nil},
		{"/size", "says how many bytes a file has", f.Size >= 1 && f.Size <= 1<<40},
		{"/sm3", "has the SM3 of a file as 64 lower-case hexadecimal digits", err == nil && len(digest) == 32 && f.SM3 == strings.ToLower(f.SM3)},
		{"/rows", "says how many rows a file has", f.Rows >= 0},
	} {
		if !rule.holds {
			return manifestInvalid(at+rule.field, rule.says)
		}
	}
	for _, sum := range f.Sums {
		if _, ok := parseDecimal(sum); !ok {
			return manifestInvalid(at+"/sums", "has sums that are decimal numbers with at most 9 digits after the point")
		}
	}
	return nil
}

func plainFile(name string) bool {
	return name != "" && len(name) <= 128 && path.Base(name) == name && name[0] != '.' && !strings.ContainsAny(name, "\\\x00\n\r:")
}

func distinct(names []string, most int) bool {
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" || seen[name] {
			return false
		}
		seen[name] = true
	}
	return len(names) >= 1 && len(names) <= most
}

func within(names, all []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(all, name) })
}
