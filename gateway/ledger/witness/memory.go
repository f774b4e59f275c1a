package witness

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

// The folder of a witness.
const (
	heldFolder     = "held"     // ORIGIN.json: the largest checkpoint with its key's certificates
	cosignedFolder = "cosigned" // ORIGIN.note: the same with the witness's line, for everybody
	evidenceFolder = "evidence" // ORIGIN.SUM: held.note, shown.note, proof.json
)

// memory is what is held of one log; the zero one of a log never seen.
type memory struct {
	head  ledger.Checkpoint
	shown ledger.Consistency
}

// fileName makes of an origin a name that stays within its folder.
func fileName(origin string) string { return "log-" + url.PathEscape(origin) }

// recall reads what is held, and believes it no more than what is shown: a file
// that was damaged must not pass for a fork of the log.
func (w *Witness) recall(origin string) (memory, error) {
	raw, err := os.ReadFile(filepath.Join(w.folder, heldFolder, fileName(origin)+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return memory{}, nil
	}
	if err != nil {
		return memory{}, err
	}
	shown, err := ledger.ParseConsistency(raw)
	if err != nil {
		return memory{}, fmt.Errorf("what is held of %s is damaged: %w", origin, err)
	}
	head, err := ledger.VerifyHead(shown.Checkpoint, shown.Keys, w.pinned, w.verifier)
	if err != nil || head.Origin != origin || shown.From != 0 || len(shown.Proof) != 0 {
		return memory{}, fmt.Errorf("what is held of %s is damaged, or the bundle is another one", origin)
	}
	return memory{head, shown}, nil
}

func (w *Witness) remember(origin string, shown ledger.Consistency) error {
	shown.From, shown.Proof = 0, nil // it has been checked, and proves nothing from here on
	return writeDurably(filepath.Join(w.folder, heldFolder, fileName(origin)+".json"), shown.Encode(), 0o600)
}

func (w *Witness) publish(origin, printed string) error {
	return writeDurably(filepath.Join(w.folder, cosignedFolder, fileName(origin)+".note"), []byte(printed), 0o644)
}

// accuse keeps the two checkpoints with all that kapok-verify consistency needs to
// show the contradiction to a third party.
func (w *Witness) accuse(held memory, shown ledger.Consistency) (folder string, err error) {
	sum := sm.Sum([]byte(held.shown.Checkpoint), []byte(shown.Checkpoint))
	folder = filepath.Join(w.folder, evidenceFolder, fileName(held.head.Origin)+"."+hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return folder, err
	}
	proof := shown
	proof.Keys = slices.Clone(shown.Keys)
	for _, k := range held.shown.Keys {
		if !slices.ContainsFunc(proof.Keys, func(other ledger.KeyChain) bool { return other.Key == k.Key }) {
			proof.Keys = append(proof.Keys, k)
		}
	}
	for name, content := range map[string][]byte{
		"held.note": []byte(held.shown.Checkpoint), "shown.note": []byte(shown.Checkpoint), "proof.json": proof.Encode(),
	} {
		if err := writeDurably(filepath.Join(folder, name), content, 0o600); err != nil {
			return folder, err
		}
	}
	return folder, nil
}

// writeDurably replaces a file as a whole, and returns when that is on the disk.
func writeDurably(path string, content []byte, mode fs.FileMode) error {
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
