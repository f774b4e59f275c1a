package anchor

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"kapok/gateway/ledger"
)

const suffix = ".checkpoints"

// recordLines is how many lines a signed note of one signature has.
const recordLines = 6

// Folder is where the files lie. It is safe for concurrent use by one process.
type Folder struct {
	dir string

	mu   sync.Mutex
	last map[string]kept // by origin; what this process knows to be on disk
}

type kept struct {
	head ledger.Checkpoint
	end  int64 // of the file's whole records, in bytes
}

// Open makes the folder if need be.
func Open(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("anchor: %w", err)
	}
	return &Folder{dir: dir, last: map[string]kept{}}, nil
}

func (f *Folder) path(origin string) string {
	return filepath.Join(f.dir, url.PathEscape(origin)+suffix)
}

// Last returns the last checkpoint kept of a log, "" when there is none.
func (f *Folder) Last(origin string) (string, error) {
	records, err := f.read(origin)
	if err != nil || len(records) == 0 {
		return "", err
	}
	return records[len(records)-1], nil
}

// ErrBack says that a checkpoint is older than, or contradicts, the last one kept.
var ErrBack = errors.New("anchor: the log is shorter than, or another than, the one anchored before")

// Keep adds a signed checkpoint to its log's file and waits for the disk. One that
// stands there already is let pass; one that goes back is ErrBack.
func (f *Folder) Keep(signed string) error {
	head, err := ledger.ParseCheckpoint(signed)
	if err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last, err := f.known(head.Origin)
	switch {
	case err != nil:
		return err
	case head.Size == last.head.Size && head.Root == last.head.Root:
		return nil
	case head.Size <= last.head.Size:
		return ErrBack
	}
	if err := appendTo(f.path(head.Origin), last.end, signed); err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	f.last[head.Origin] = kept{head, last.end + int64(len(signed))}
	return nil
}

func (f *Folder) read(origin string) ([]string, error) {
	records, err := ReadFile(f.path(origin))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return records, err
}

func (f *Folder) known(origin string) (last kept, err error) {
	if last, known := f.last[origin]; known {
		return last, nil
	}
	records, err := f.read(origin)
	if err != nil || len(records) == 0 {
		return kept{}, err
	}
	for _, record := range records {
		last.end += int64(len(record))
	}
	last.head, err = ledger.ParseCheckpoint(records[len(records)-1])
	f.last[origin] = last
	return last, err
}

// appendTo cuts off what a crash left of a record after end, and adds one.
func appendTo(path string, end int64, record string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := file.Truncate(end); err != nil {
		return err
	}
	if _, err := file.WriteAt([]byte(record), end); err != nil {
		return err
	}
	if err := file.Sync(); err != nil || end > 0 {
		return err
	}
	return syncFolder(filepath.Dir(path)) // the file is new
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// ReadFile reads the checkpoints of one file, in their order. Anything but signed
// checkpoints of one log, each larger than the one before, is an error; a last
// record that was cut short is left out.
func ReadFile(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("anchor: %w", err)
	}
	records, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("anchor: %s: %w", filepath.Base(path), err)
	}
	return records, nil
}

func parse(content []byte) ([]string, error) {
	var records []string
	var before ledger.Checkpoint
	for {
		record, rest, whole := cut(content)
		if !whole {
			return records, nil
		}
		head, err := ledger.ParseCheckpoint(string(record))
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", len(records)+1, err)
		}
		if len(records) > 0 && (head.Origin != before.Origin || head.Size <= before.Size) {
			return nil, fmt.Errorf("record %d is of another log, or not larger than the one before", len(records)+1)
		}
		records, before, content = append(records, string(record)), head, rest
	}
}

// cut takes one record's lines.
func cut(content []byte) (record, rest []byte, whole bool) {
	end := 0
	for range recordLines {
		newline := bytes.IndexByte(content[end:], '\n')
		if newline < 0 {
			return nil, content, false
		}
		end += newline + 1
	}
	return content[:end], content[end:], true
}

// Read reads one file, or every file of a folder.
func Read(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("anchor: %w", err)
	}
	if !info.IsDir() {
		return ReadFile(path)
	}
	listed, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("anchor: %w", err)
	}
	var all []string
	for _, one := range listed {
		if !strings.HasSuffix(one.Name(), suffix) {
			continue
		}
		records, err := ReadFile(filepath.Join(path, one.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}
