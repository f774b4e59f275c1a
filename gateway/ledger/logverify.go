package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// LogOptions say how an exported log is verified.
type LogOptions struct {
	Bundle   Bundle
	Verifier *sm.Verifier // should ask both libraries (sm.VerifierOptions.Both)
	All      bool         // check every signature, not only the last and those where the key changes
	Workers  int          // chunks read at the same time; 0: as many as there are processors
}

// VerifyLog checks an exported log, or a range of one, against pinned trust and
// nothing else: every entry, every root, and the signatures that bind them. Memory
// does not grow with the log, but for 100 bytes a chunk. It fails only when ctx
// ends or the bundle cannot be used; what is wrong with the log is in the report.
func VerifyLog(ctx context.Context, folder fs.FS, options LogOptions) (LogReport, error) {
	roots, err := options.Bundle.roots()
	if err != nil {
		return LogReport{}, err
	}
	c := &logCheck{folder: folder, options: options, roots: roots, found: newFaults(), keys: map[string]*logKey{}}
	if err := c.readManifest(); err != nil {
		c.found.add("manifest", manifestName, said(err))
		return LogReport{Steps: c.found.steps("")}, nil
	}
	c.readKeys()
	c.listFiles()
	if err := c.scan(ctx); err != nil {
		return LogReport{}, err
	}
	c.finish()
	return LogReport{Steps: c.found.steps(c.signed()), Told: c.told()}, nil
}

// logCheck is the verification of one exported log. The fields up to found are not
// written while chunks are scanned; those after it belong to the goroutine that
// puts the chunks together.
type logCheck struct {
	folder   fs.FS
	options  LogOptions
	roots    []*pki.Certificate
	manifest manifest
	keys     map[string]*logKey
	found    *faults

	left       *peaks
	lost       bool         // an entry could not be read: no root after it can be computed
	before     *scannedHead // the last checkpoint so far
	agreed     uint64       // size of the last checkpoint whose root agreed
	heads      int
	signatures int
	late       int64 // as in chunkScan
	lateIndex  uint64
	ended      bool // an entry of a chunk before said that it ends the log
}

// logKey is a key of an exported log.
type logKey struct {
	KeyChain
	public      *sm.PublicKey
	first, last *Checkpoint // that it signed
}

func (c *logCheck) readManifest() error {
	raw, err := readBounded(c.folder, manifestName)
	if err != nil {
		return err
	}
	if c.manifest, err = parseManifest(raw); err != nil {
		return err
	}
	c.left, _ = peaksOf(c.manifest.First, c.manifest.Left)
	c.agreed, c.late = c.manifest.First, -1
	return nil
}

var errFileLong = errors.New("it is too long")

func readBounded(folder fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(folder, name)
	if err != nil {
		return nil, errors.New("it cannot be read")
	}
	if info.Size() > maxManifest {
		return nil, errFileLong
	}
	return fs.ReadFile(folder, name)
}

func (c *logCheck) readKeys() {
	raw, err := readBounded(c.folder, keysName)
	if err != nil {
		c.found.add("files", keysName, said(err))
		return
	}
	if sum := sm.Sum(raw); !bytes.Equal(sum[:], c.manifest.Keys) {
		c.found.add("files", keysName, "its SM3 is not the one in the manifest")
	}
	listed, err := parseLogKeys(raw)
	if err != nil {
		c.found.add("keys", keysName, said(err))
		return
	}
	for _, k := range listed.Keys {
		if err := c.addKey(k); err != nil {
			c.found.add("keys", keysName, said(err))
		}
	}
}

func (c *logCheck) addKey(k KeyChain) error {
	chain, err := parseChain(k.Chain)
	if err != nil {
		return err
	}
	public, err := chain[0].PublicKey()
	if err != nil {
		return err
	}
	if k.Key != keyName(c.manifest.Origin, public) {
		return errors.New("a key is not named after the one that its certificate certifies")
	}
	if c.keys[k.Key] != nil {
		return errors.New("a key stands twice")
	}
	c.keys[k.Key] = &logKey{KeyChain: k, public: public}
	return nil
}

// listFiles wants exactly the files of the format: one that nobody checks might be
// taken for a part of the log.
func (c *logCheck) listFiles() {
	expected := map[string]bool{manifestName: true, keysName: true}
	for i := range c.manifest.Chunks {
		expected[entriesName(c.manifest.chunk(i))] = true
		expected[checkpointsName(c.manifest.chunk(i))] = true
	}
	err := fs.WalkDir(c.folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !expected[name] {
			c.found.add("files", name, "it is not part of the export")
		}
		return err
	})
	if err != nil {
		c.found.add("files", ".", "the folder cannot be listed")
	}
}

// scan reads some chunks at a time and puts them together in order.
func (c *logCheck) scan(ctx context.Context) error {
	workers := c.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	underWay := make(chan chan *chunkScan, workers-1) // one more is waited for
	go func() {
		defer close(underWay)
		for i := range c.manifest.Chunks {
			result := make(chan *chunkScan, 1)
			select {
			case <-ctx.Done():
				return
			case underWay <- result:
				go func() { result <- c.scanChunk(i) }()
			}
		}
	}()
	for result := range underWay {
		c.join(<-result)
	}
	return ctx.Err()
}

func (c *logCheck) signed() string {
	which := "the last, and those where the key changes"
	if c.options.All {
		which = "all of them"
	}
	return fmt.Sprintf("%d of %d checkpoints: %s", c.signatures, c.heads, which)
}

func (c *logCheck) told() *LogTold {
	told := &LogTold{
		Origin: c.manifest.Origin, First: c.manifest.First, Size: c.manifest.Size,
		Checkpoints: c.heads, Signatures: c.signatures, Keys: len(c.keys),
	}
	if c.before != nil {
		told.Sealed = c.before.Sealed
	}
	return told
}

// usedKeys are in the order of their names, so that a report has one form.
func (c *logCheck) usedKeys() []*logKey {
	keys := make([]*logKey, 0, len(c.keys))
	for _, key := range c.keys {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b *logKey) int { return bytes.Compare([]byte(a.Key), []byte(b.Key)) })
	return keys
}
