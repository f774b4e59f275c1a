package editions

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"golang.org/x/tools/txtar"
)

// Pack makes one text of files, ordered by name. Files that no text archive can hold
// are refused: those that have a line like "-- name --".
func Pack(files map[string][]byte) ([]byte, error) {
	if len(files) == 0 {
		return nil, errors.New("editions: there is no file")
	}
	archive := &txtar.Archive{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: files[name]})
	}
	packed := txtar.Format(archive)
	if again := txtar.Parse(packed); len(again.Files) != len(files) || len(again.Comment) > 0 {
		return nil, errors.New(`editions: a file holds a line like "-- name --", which an edition cannot keep`)
	}
	return packed, nil
}

// PackFolder makes one text of a folder's files.
func PackFolder(folder fs.FS) ([]byte, error) {
	files, err := read(folder)
	if err != nil {
		return nil, fmt.Errorf("editions: %w", err)
	}
	return Pack(files)
}

// Unpack opens what Pack made.
func Unpack(content []byte) (fs.FS, error) {
	folder, err := txtar.FS(txtar.Parse(content))
	if err != nil {
		return nil, fmt.Errorf("editions: %w", err)
	}
	return folder, nil
}

// Files opens what Pack made as files by name.
func Files(content []byte) (map[string][]byte, error) {
	folder, err := Unpack(content)
	if err != nil {
		return nil, err
	}
	return read(folder)
}

func read(folder fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(folder, name)
		return err
	})
	return files, err
}
