package ledger

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
)

// memoryLog is a log made with the sequencer's own code, kept in memory.
type memoryLog struct {
	log    *Log
	tiles  map[TileID]Tile
	rows   [][]byte
	leaves []Hash
	notes  []string
	chains map[string][][]byte
	entry  func() Entry // what is sealed
}

func newMemoryLog(t testing.TB) *memoryLog {
	t.Helper()
	grown, err := newTree(0, []Tile{{}})
	if err != nil {
		t.Fatal(err)
	}
	l := &Log{committer: newCommitter(), tree: grown, lease: Lease{Origin: testOrigin}, options: Options{Now: time.Now}}
	return &memoryLog{log: l, tiles: map[TileID]Tile{}, chains: map[string][][]byte{}, entry: anEntry}
}

// seal adds a batch of some entries, signed with a key.
func (m *memoryLog) seal(t testing.TB, s Signing, entries int) {
	t.Helper()
	b := &batch{}
	for range entries {
		b.items = append(b.items, &item{entry: m.entry(), subject: "0123456789abcdef0123456789abcdef"})
	}
	m.log.options.Signing = func() Signing { return s }
	w, err := m.log.prepare(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range w.Rows {
		m.rows, m.leaves = append(m.rows, row.Entry), append(m.leaves, LeafHash(row.Entry))
	}
	for _, tile := range w.Tiles {
		m.tiles[tile.TileID] = tile
	}
	m.notes = append(m.notes, w.Checkpoint)
	m.chains[w.Key] = s.Chain
}

func (m *memoryLog) Entries(_ context.Context, _ string, first, end uint64, each func(uint64, []byte) error) error {
	for i := first; i < min(end, uint64(len(m.rows))); i++ {
		if m.rows[i] == nil {
			continue
		}
		if err := each(i, m.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memoryLog) Notes(_ context.Context, _ string, first, end uint64, each func(string) error) error {
	for _, note := range m.notes {
		head, err := ParseCheckpoint(note)
		if err != nil {
			return err
		}
		if head.Size > first && head.Size <= end {
			if err := each(note); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memoryLog) Chain(_ context.Context, _, key string) ([][]byte, error) {
	return m.chains[key], nil
}

func (m *memoryLog) Tiles(_ context.Context, _ string, ids []TileID) ([]Tile, error) {
	return (&stored{leaves: m.leaves, tiles: m.tiles}).load(ids), nil
}

func (m *memoryLog) size() uint64 { return uint64(len(m.rows)) }

// exported writes the log's files into a fresh folder.
func (m *memoryLog) exported(t testing.TB, first uint64) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "log")
	if err := Export(t.Context(), m, Range{testOrigin, first, m.size()}, folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// inMemory reads a folder, so that a test can change it cheaply.
func inMemory(t testing.TB, folder string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	root := os.DirFS(folder)
	names := []string{manifestName, keysName}
	for _, pattern := range []string{"entries", "checkpoints"} {
		listed, err := os.ReadDir(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range listed {
			names = append(names, pattern+"/"+entry.Name())
		}
	}
	for _, name := range names {
		raw, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: raw}
	}
	return files
}

// grownLog has three keys, and a border between two chunks within a batch.
func grownLog(t testing.TB, d authority) *memoryLog {
	t.Helper()
	m := newMemoryLog(t)
	keys := []Signing{d.operational(t), d.operational(t), d.operational(t)}
	for i, entries := range []int{1, 3, 65_500, 100, 7, 1} {
		m.seal(t, keys[i/2], entries)
	}
	return m
}

func TestExportRefusesWhatItCannotHold(t *testing.T) {
	d := newAuthority(t)
	m := newMemoryLog(t)
	m.seal(t, d.operational(t), 5)
	for name, c := range map[string]struct {
		wanted Range
		spoil  func()
	}{
		"nothing":             {Range{testOrigin, 0, 0}, func() {}},
		"a crooked beginning": {Range{testOrigin, 3, 5}, func() {}},
		"no checkpoint there": {Range{testOrigin, 0, 4}, func() {}},
		"past the end":        {Range{testOrigin, 0, 6}, func() {}},
		"a missing entry":     {Range{testOrigin, 0, 5}, func() { m.rows[2] = nil }},
	} {
		c.spoil()
		if err := Export(t.Context(), m, c.wanted, t.TempDir()); err == nil {
			t.Errorf("%s: exported", name)
		} else {
			t.Log(name, ":", err)
		}
	}
}

func TestExportOverwritesNothing(t *testing.T) {
	m := newMemoryLog(t)
	m.seal(t, newAuthority(t).operational(t), 5)
	folder := m.exported(t, 0)
	if err := Export(t.Context(), m, Range{testOrigin, 0, 5}, folder); err == nil {
		t.Error("a second export into the same folder")
	}
}

func ExampleExport() {
	fmt.Println(entriesName(0), checkpointsName(15))
	// Output: entries/000000000000.bin checkpoints/000000000015.txt
}
