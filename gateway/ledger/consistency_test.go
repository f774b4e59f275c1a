package ledger

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gowebpki/jcs"
)

func (m *memoryLog) HeadAt(_ context.Context, _ string, size uint64) (string, error) {
	for _, printed := range slices.Backward(m.notes) {
		head, err := ParseCheckpoint(printed)
		if err != nil || size == 0 || head.Size == size {
			return printed, err
		}
	}
	return "", nil
}

// TestConsistencyOfEveryPair proves from the tiles and from an export, and wants
// both to lead from each checkpoint to each later one.
func TestConsistencyOfEveryPair(t *testing.T) {
	d := newAuthority(t)
	m := grownLog(t, d)
	whole, err := OpenExport(os.DirFS(m.exported(t, 0)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := OpenExport(os.DirFS(m.exported(t, ChunkEntries)))
	if err != nil {
		t.Fatal(err)
	}
	for i, older := range m.notes {
		for _, newer := range m.notes[i:] {
			from, to := mustParse(t, older).Size, mustParse(t, newer).Size
			proved, err := ProveConsistency(t.Context(), m, testOrigin, from, to)
			if err != nil {
				t.Fatal(err)
			}
			if report := VerifyConsistency(older, newer, proved.Proof, proved.Keys, d.bundle(), fast()); !report.OK() {
				t.Errorf("%d to %d: %+v", from, to, report.Steps)
			}
			path, err := whole.Prove(from, to)
			if err != nil || !slices.EqualFunc(path, proved.Proof, bytes.Equal) {
				t.Errorf("%d to %d from the export: %v", from, to, err)
			}
			if from < ChunkEntries {
				continue
			}
			if path, err = part.Prove(from, to); err != nil || !slices.EqualFunc(path, proved.Proof, bytes.Equal) {
				t.Errorf("%d to %d from a part: %v", from, to, err)
			}
		}
	}
	if _, err := part.Prove(4, m.size()); err == nil {
		t.Error("a part proved what lies before it")
	}
	if last, err := whole.Last(); err != nil || last != m.notes[len(m.notes)-1] {
		t.Errorf("the last checkpoint: %v", err)
	}
}

func mustParse(t testing.TB, printed string) Checkpoint {
	t.Helper()
	head, err := ParseCheckpoint(printed)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func TestContradictions(t *testing.T) {
	d := newAuthority(t)
	s := d.operational(t)
	m, other := newMemoryLog(t), newMemoryLog(t)
	for range 3 {
		m.seal(t, s, 2)
		other.seal(t, s, 3)
	}
	a, b := mustParse(t, m.notes[0]), mustParse(t, m.notes[2])
	proved, err := ProveConsistency(t.Context(), m, testOrigin, a.Size, 0)
	if err != nil {
		t.Fatal(err)
	}
	early, twin, elsewhere := b, b, b
	early.Sealed = a.Sealed.Add(-time.Hour)
	twin.Root[0] ^= 1
	elsewhere.Origin = "kapok.example.cn/node-b"
	for name, c := range map[string]struct {
		older, newer Checkpoint
		path         [][]byte
		want         error
	}{
		"the same":       {b, b, nil, nil},
		"longer":         {a, b, proved.Proof, nil},
		"shorter":        {b, a, proved.Proof, ErrRollback},
		"another tree":   {a, mustParse(t, other.notes[2]), proved.Proof, ErrFork},
		"the same size":  {b, twin, nil, ErrFork},
		"no proof":       {a, b, nil, ErrFork},
		"sealed earlier": {a, early, proved.Proof, ErrClock},
	} {
		if err := Follows(c.older, c.newer, c.path); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if Follows(a, elsewhere, proved.Proof) == nil {
		t.Error("another origin's tree follows")
	}
}

// TestConsistencyProofForm: one form, and none besides, and every byte of it counts.
func TestConsistencyProofForm(t *testing.T) {
	d := newAuthority(t)
	m := newMemoryLog(t)
	for range 3 {
		m.seal(t, d.operational(t), 3)
	}
	proved, err := ProveConsistency(t.Context(), m, testOrigin, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw := proved.Encode()
	if canonical, err := jcs.Transform(raw); err != nil || !bytes.Equal(canonical, raw) {
		t.Errorf("RFC 8785 by another implementation differs: %v", err)
	}
	for at := range raw {
		changed := slices.Clone(raw)
		changed[at] ^= 1
		read, err := ParseConsistency(changed)
		if err != nil {
			continue
		}
		if read.From == 3 && VerifyConsistency(m.notes[0], read.Checkpoint, read.Proof, read.Keys, d.bundle(), fast()).OK() {
			t.Errorf("byte %d changed, and it verifies", at)
		}
	}
	forged := strings.Replace(m.notes[0], "\n3\n", "\n2\n", 1)
	if report := VerifyConsistency(forged, m.notes[2], proved.Proof, proved.Keys, d.bundle(), fast()); report.Steps[0].Status != Fail || report.Steps[2].Status != Skipped {
		t.Errorf("%+v", report.Steps)
	}
	if report := VerifyConsistency(m.notes[0], m.notes[2], proved.Proof, proved.Keys, newAuthority(t).bundle(), fast()); report.OK() {
		t.Error("another district's root")
	}
}

func FuzzParseConsistency(f *testing.F) {
	m := newMemoryLog(f)
	m.seal(f, newAuthority(f).operational(f), 2)
	proved, err := ProveConsistency(f.Context(), m, testOrigin, 0, 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(proved.Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := ParseConsistency(raw)
		if err == nil && !bytes.Equal(c.Encode(), bytes.TrimSuffix(raw, []byte("\n"))) {
			t.Fatal("a proof has two forms")
		}
	})
}
