package ledger

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

func fast() *sm.Verifier { return sm.NewVerifier(sm.VerifierOptions{}) }

func verifyLog(t testing.TB, files fstest.MapFS, pinned Bundle, all bool) LogReport {
	t.Helper()
	report, err := VerifyLog(t.Context(), files, LogOptions{Bundle: pinned, Verifier: fast(), All: all})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestLogVerifies(t *testing.T) {
	d := newAuthority(t)
	m := grownLog(t, d)
	for name, c := range map[string]struct {
		first      uint64
		all        bool
		signatures int
		heads      int
	}{
		"whole":         {0, false, 6, 6},
		"whole, all":    {0, true, 6, 6},
		"a later range": {ChunkEntries, true, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			folder := m.exported(t, c.first)
			report, err := VerifyLog(t.Context(), os.DirFS(folder), LogOptions{Bundle: d.bundle(), Verifier: both(), All: c.all})
			if err != nil || !report.OK() {
				t.Fatalf("%+v, %v", report, err)
			}
			if report.Told.Signatures != c.signatures || report.Told.Checkpoints != c.heads || report.Told.Size != m.size() {
				t.Errorf("%+v", report.Told)
			}
		})
	}
}

// TestLogChecksFewSignatures: without --all those of the last and at key changes.
func TestLogChecksFewSignatures(t *testing.T) {
	d := newAuthority(t)
	m := newMemoryLog(t)
	keys := []Signing{d.operational(t), d.operational(t)}
	for i := range 20 {
		m.seal(t, keys[i/10], 2)
	}
	report := verifyLog(t, inMemory(t, m.exported(t, 0)), d.bundle(), false)
	if !report.OK() || report.Told.Signatures != 4 {
		t.Errorf("%+v", report)
	}
}

// TestLogEveryChangedByte: whichever byte of an export is changed, it is found, also
// by somebody who can write a fitting manifest where that is possible.
func TestLogEveryChangedByte(t *testing.T) {
	d := newAuthority(t)
	m := newMemoryLog(t)
	keys := []Signing{d.operational(t), d.operational(t)}
	for i := range 3 {
		m.seal(t, keys[i/2], 2)
	}
	files := inMemory(t, m.exported(t, 0))
	tried := 0
	for name, file := range files {
		original := file.Data
		for at := range original {
			for _, resealed := range []bool{false, true} {
				if resealed && name == manifestName {
					continue
				}
				changed := slices.Clone(original)
				changed[at] ^= 1
				files[name] = &fstest.MapFile{Data: changed}
				kept := files[manifestName]
				if resealed {
					reseal(t, files)
				}
				tried++
				if verifyLog(t, files, d.bundle(), true).OK() {
					t.Errorf("%s: byte %d changed (manifest rewritten: %v), and it verifies", name, at, resealed)
				}
				files[manifestName] = kept
			}
		}
		files[name] = &fstest.MapFile{Data: original}
	}
	t.Logf("%d changes, all found", tried)
}

// reseal writes the manifest anew, as somebody would who altered the files.
func reseal(t testing.TB, files fstest.MapFS) {
	t.Helper()
	m, err := parseManifest(files[manifestName].Data)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(name string) []byte { s := sm.Sum(files[name].Data); return s[:] }
	m.Keys = sum(keysName)
	for i := range m.Chunks {
		m.Chunks[i].Entries, m.Chunks[i].Checkpoints = sum(entriesName(m.chunk(i))), sum(checkpointsName(m.chunk(i)))
		m.Chunks[i].Root = rootOf(files[entriesName(m.chunk(i))].Data, m.chunk(i)*ChunkEntries)
	}
	files[manifestName] = &fstest.MapFile{Data: m.encode()}
}

func rootOf(raw []byte, first uint64) []byte {
	tree := newPeaks()
	entries, err := newEntryReader(bytes.NewReader(raw), first)
	for err == nil {
		var encoded []byte
		if encoded, err = entries.next(); err == nil {
			tree.add(0, tree.leaf(encoded))
		}
	}
	root := tree.root()
	return root[:]
}

// TestLogFaultsAreNamed alters an export as an insider would, with a manifest that
// fits, and wants the step and the place named.
func TestLogFaultsAreNamed(t *testing.T) {
	d, stranger := newAuthority(t), newAuthority(t)
	honest := inMemory(t, grownLog(t, d).exported(t, 0))
	entries, notes := entriesName(1), checkpointsName(1)
	for name, c := range map[string]struct {
		step, file string
		entry      int // -1: none
		bundle     Bundle
		alter      func(t *testing.T, files fstest.MapFS)
	}{
		"a value of an entry": {"roots", notes, 65_504, d.bundle(), func(_ *testing.T, f fstest.MapFS) {
			raw := f[entriesName(0)].Data
			raw[len(raw)-1] ^= 1
		}},
		"an entry in another encoding": {"entries", entries, 65_536, d.bundle(), func(_ *testing.T, f fstest.MapFS) {
			f[entries].Data[len(entriesMagic)+8+2] = 9
		}},
		"an entry dropped": {"entries", entries, 65_611, d.bundle(), func(t *testing.T, f fstest.MapFS) {
			f[entries].Data = rewriteEntries(t, f[entries].Data, 65_536, func(all [][]byte) [][]byte { return slices.Delete(all, 3, 4) })
		}},
		"an entry inserted": {"entries", entries, 65_612, d.bundle(), func(t *testing.T, f fstest.MapFS) {
			f[entries].Data = rewriteEntries(t, f[entries].Data, 65_536, func(all [][]byte) [][]byte { return slices.Insert(all, 3, all[9]) })
		}},
		"two entries swapped": {"roots", notes, 65_604, d.bundle(), func(t *testing.T, f fstest.MapFS) {
			f[entries].Data = rewriteEntries(t, f[entries].Data, 65_536, func(all [][]byte) [][]byte {
				all[74], all[75] = all[75], all[74]
				return all
			})
		}},
		"an entry after the log's last": {"entries", entries, 65_540, d.bundle(), func(t *testing.T, f fstest.MapFS) {
			f[entries].Data = rewriteEntries(t, f[entries].Data, 65_536, func(all [][]byte) [][]byte { all[3] = retiredEntry(t); return all })
		}},
		"a chunk after the log's last entry": {"entries", entries, 65_536, d.bundle(), func(t *testing.T, f fstest.MapFS) {
			f[entriesName(0)].Data = rewriteEntries(t, f[entriesName(0)].Data, 0, func(all [][]byte) [][]byte { all[65_535] = retiredEntry(t); return all })
		}},
		"a file cut off": {"entries", entries, 65_611, d.bundle(), func(_ *testing.T, f fstest.MapFS) {
			f[entries].Data = f[entries].Data[:len(f[entries].Data)-1]
		}},
		"the last checkpoint dropped": {"checkpoints", manifestName, -1, d.bundle(), func(_ *testing.T, f fstest.MapFS) {
			all := strings.SplitAfter(string(f[notes].Data), "\n")
			f[notes].Data = []byte(strings.Join(all[:len(all)-1-noteLines], ""))
		}},
		"checkpoints swapped": {"checkpoints", notes, -1, d.bundle(), func(_ *testing.T, f fstest.MapFS) {
			all := strings.SplitAfter(string(f[notes].Data), "\n")
			f[notes].Data = []byte(strings.Join(slices.Concat(all[noteLines:2*noteLines], all[:noteLines], all[2*noteLines:]), ""))
		}},
		"half a checkpoint": {"checkpoints", notes, -1, d.bundle(), func(_ *testing.T, f fstest.MapFS) {
			f[notes].Data = append(f[notes].Data, "kapok.example.cn/node-a\n"...)
		}},
		"a checkpoint of another time": {"signatures", notes, -1, d.bundle(), func(_ *testing.T, f fstest.MapFS) {
			at := bytes.LastIndex(f[notes].Data, []byte("\nsealed 2"))
			f[notes].Data[at+len("\nsealed ")] = '3' // later, so that nothing runs backwards
		}},
		"a key too many": {"keys", keysName, -1, d.bundle(), func(t *testing.T, f fstest.MapFS) {
			k, err := parseLogKeys(f[keysName].Data)
			if err != nil {
				t.Fatal(err)
			}
			more := d.operational(t)
			k.Keys = append(k.Keys, KeyChain{withoutRoot(more.Chain), keyName(testOrigin, more.Signer.Public())})
			f[keysName].Data = k.encode()
		}},
		"a key too few": {"keys", notes, -1, d.bundle(), func(t *testing.T, f fstest.MapFS) {
			k, err := parseLogKeys(f[keysName].Data)
			if err != nil {
				t.Fatal(err)
			}
			k.Keys = k.Keys[:2]
			f[keysName].Data = k.encode()
		}},
		"a file beside": {"files", "entries/extra.bin", -1, d.bundle(), func(_ *testing.T, f fstest.MapFS) {
			f["entries/extra.bin"] = &fstest.MapFile{}
		}},
		"a file missing": {"files", entriesName(0), -1, d.bundle(), func(_ *testing.T, f fstest.MapFS) { delete(f, entriesName(0)) }},
		"another root":   {"certificates", keysName, -1, stranger.bundle(), func(*testing.T, fstest.MapFS) {}},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for name, file := range honest {
				files[name] = &fstest.MapFile{Data: slices.Clone(file.Data)}
			}
			c.alter(t, files)
			if files[entriesName(0)] != nil {
				reseal(t, files)
			}
			report := verifyLog(t, files, c.bundle, false)
			step := report.Steps[slices.IndexFunc(report.Steps, func(s LogStep) bool { return s.Name == c.step })]
			if step.Status != Fail || step.Faults[0].File != c.file {
				t.Fatalf("%+v", report.Steps)
			}
			if entry := step.Faults[0].Entry; (entry == nil) != (c.entry < 0) || entry != nil && *entry != uint64(c.entry) {
				t.Errorf("entry %v, want %d: %+v", entry, c.entry, step)
			}
			t.Log(step.Faults[0].Why)
		})
	}
}

func retiredEntry(t testing.TB) []byte {
	t.Helper()
	encoded, err := Leaf{Kind: RetiredKind, At: time.UnixMilli(0)}.encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func rewriteEntries(t testing.TB, raw []byte, first uint64, change func([][]byte) [][]byte) []byte {
	t.Helper()
	var all [][]byte
	entries, err := newEntryReader(bytes.NewReader(raw), first)
	for err == nil {
		var encoded []byte
		if encoded, err = entries.next(); err == nil {
			all = append(all, slices.Clone(encoded))
		}
	}
	var out bytes.Buffer
	if err := writeEntriesHead(&out, first); err != nil {
		t.Fatal(err)
	}
	for _, encoded := range change(all) {
		if err := writeEntry(&out, encoded); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// TestLogOfAnUnfitKey: a certificate of the same root for another use seals nothing.
func TestLogOfAnUnfitKey(t *testing.T) {
	d := newAuthority(t)
	m := newMemoryLog(t)
	m.seal(t, d.signing(t, pki.Department, time.Now().Add(-time.Hour), 2*time.Hour), 3)
	report := verifyLog(t, inMemory(t, m.exported(t, 0)), d.bundle(), false)
	if step := report.Steps[6]; step.Name != "certificates" || step.Status != Fail {
		t.Errorf("%+v", report.Steps)
	}
}

// TestLogTimesRunForward puts an entry of tomorrow into a true tree, sealed in the
// same chunk and in the next one, and seals it before the checkpoint that it follows:
// all of it signed.
func TestLogTimesRunForward(t *testing.T) {
	d := newAuthority(t)
	s := d.operational(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	for name, c := range map[string]struct {
		before int
		at     time.Duration // of the entry, from now
		sealed time.Duration
		step   string
	}{
		"within a chunk":   {5, time.Hour, time.Minute, "time"},
		"in the next one":  {ChunkEntries - 1, time.Hour, time.Minute, "time"},
		"sealed backwards": {5, -2 * time.Hour, -time.Hour, "checkpoints"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemoryLog(t)
			m.seal(t, s, c.before)
			m.log.options.Now = func() time.Time { return now.Add(2 * time.Hour) }
			entry := anEntry()
			entry.At = now.Add(c.at)
			early := anEntry()
			early.At = now.Add(-2 * time.Hour)
			b := &batch{items: []*item{{entry: entry}, {entry: early}}}
			w, err := m.log.prepare(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			m.rows = append(m.rows, w.Rows[0].Entry, w.Rows[1].Entry)
			head := b.head
			head.Sealed = now.Add(c.sealed)
			note, err := head.sign(t.Context(), s.Signer)
			if err != nil {
				t.Fatal(err)
			}
			m.notes = append(m.notes, note)
			report := verifyLog(t, inMemory(t, m.exported(t, 0)), d.bundle(), true)
			for _, step := range report.Steps {
				if wanted := step.Name == c.step; wanted != (step.Status == Fail) && step.Name != "certificates" {
					t.Errorf("%+v", step)
				}
				if step.Name == "time" && c.step == "time" && (len(step.Faults) == 0 || *step.Faults[0].Entry != uint64(c.before)) {
					t.Errorf("%+v", step)
				}
			}
		})
	}
}
