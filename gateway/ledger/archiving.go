package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kapok/crypto/sm"
)

// Archived is an archive that was verified.
type Archived struct {
	Range
	Manifest [32]byte // SM3 of its manifest, which holds the sums of all its files
}

const partial = ".partial"

// Put exports a range onto the shelf, unless it lies there already, and verifies it as
// [Shelf.Look] does. What a crash left of an earlier attempt is written anew.
func (s *Shelf) Put(ctx context.Context, from Records, wanted Range, options LogOptions) (Archived, error) {
	folder := s.Folder(wanted)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		if err := s.export(ctx, from, wanted, folder); err != nil {
			return Archived{}, err
		}
	}
	return s.Look(ctx, from, wanted, options)
}

func (s *Shelf) export(ctx context.Context, from Records, wanted Range, folder string) error {
	if err := os.RemoveAll(folder + partial); err != nil {
		return err
	}
	if err := Export(ctx, from, wanted, folder+partial); err != nil {
		return err
	}
	if err := os.Rename(folder+partial, folder); err != nil {
		return err
	}
	above, err := os.Open(filepath.Dir(folder))
	if err != nil {
		return err
	}
	return errors.Join(above.Sync(), above.Close())
}

// errUnlike says that an archive is sound and yet not of the log that the store has.
var errUnlike = errors.New("ledger: the archive leads to another root than the stored tree")

// Look reads an archive whole: every entry, root and signature is verified, against
// pinned trust and against the tree that the store keeps.
func (s *Shelf) Look(ctx context.Context, tree tileSource, wanted Range, options LogOptions) (Archived, error) {
	folder := os.DirFS(s.Folder(wanted))
	options.All = true
	report, err := VerifyLog(ctx, folder, options)
	if err != nil {
		return Archived{}, err
	}
	if !report.OK() {
		return Archived{}, fmt.Errorf("ledger: the archive in %s does not verify: %s", s.Folder(wanted), report.firstFault())
	}
	if told := report.Told; told.Origin != wanted.Origin || told.First != wanted.First || told.Size != wanted.Size {
		return Archived{}, errors.New("ledger: the archive is of another log or range than its folder's name says")
	}
	exported, err := OpenExport(folder)
	if err != nil {
		return Archived{}, err
	}
	if err := sameTree(ctx, tree, exported); err != nil {
		return Archived{}, err
	}
	raw, err := readBounded(folder, manifestName)
	return Archived{Range: wanted, Manifest: sm.Sum(raw)}, err
}

func sameTree(ctx context.Context, tree tileSource, exported *Exported) error {
	last, err := exported.Last()
	if err != nil {
		return err
	}
	head, err := ParseCheckpoint(last)
	if err != nil {
		return err
	}
	root, err := RootAt(ctx, tree, exported.Origin, head.Size)
	if err == nil && root != head.Root {
		err = errUnlike
	}
	return err
}

func (r LogReport) firstFault() string {
	for _, step := range r.Steps {
		if step.Status == Pass {
			continue
		}
		if len(step.Faults) > 0 {
			return step.Name + ": " + step.Faults[0].File + ": " + step.Faults[0].Why
		}
		return step.Name
	}
	return ""
}
