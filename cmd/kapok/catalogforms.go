package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"kapok/catalog"
	"kapok/catalog/spreadsheet"
)

// catalogTools work on files alone; words counts what may follow.
var catalogTools = map[string]struct {
	least, most int
	run         func(ctx context.Context, words []string, out io.Writer) error
}{
	"check":    {1, 1, checkCatalog},
	"template": {1, 2, writeForm},
	"import":   {1, 2, importForm},
}

// checkCatalog loads a folder and says what is wrong with it, or its digest.
func checkCatalog(_ context.Context, words []string, out io.Writer) error {
	found, err := catalog.Load(os.DirFS(words[0]), placeholders())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, found.Digest())
	return err
}

// writeForm writes the form that departments fill in, empty or with a folder's items.
func writeForm(_ context.Context, words []string, out io.Writer) error {
	if filepath.Ext(words[0]) != ".xlsx" {
		return errors.New("the form's name ends in .xlsx")
	}
	items := func(func(*catalog.Item) bool) {}
	if len(words) == 2 {
		found, err := catalog.Load(os.DirFS(words[1]), placeholders())
		if err != nil {
			return err
		}
		items = found.Items()
	}
	form, err := spreadsheet.Write(items)
	if err != nil {
		return err
	}
	if err := os.WriteFile(words[0], form, 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, words[0])
	return err
}

// importForm prints a form's items as the catalogue's YAML. What they refer to is looked
// up in a folder, or in the example.
func importForm(_ context.Context, words []string, out io.Writer) error {
	folder := append(words, "")[1]
	base, err := catalog.Load(folderOr(folder, catalog.Example()), placeholders())
	if err != nil {
		return err
	}
	content, err := os.ReadFile(words[0])
	if err != nil {
		return err
	}
	sheets, err := spreadsheet.Open(words[0], content)
	if err != nil {
		return err
	}
	items, err := spreadsheet.Read(sheets, base, placeholders())
	if err != nil {
		return err
	}
	_, err = out.Write(items.YAML)
	return err
}
