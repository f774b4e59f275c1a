package witness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

// Source shows logs. Nothing that it says is believed.
type Source interface {
	// Origins names the logs that it shows.
	Origins(ctx context.Context) ([]string, error)
	// Since returns the latest checkpoint of a log with the certificates of its key,
	// and the proof that it continues the tree of that size; no proof for size 0, or
	// when the log is not longer.
	Since(ctx context.Context, origin string, size uint64) (ledger.Consistency, error)
}

// Witness remembers logs in a folder of its own. One look at a time.
type Witness struct {
	folder   string
	identity identity
	pinned   ledger.Bundle
	verifier *sm.Verifier
	now      func() time.Time
	unlock   func() error
}

// Sight is what one look at a log saw, and it is good.
type Sight struct {
	Head     ledger.Checkpoint
	Added    uint64 // entries since the last look
	Cosigned string // the signed checkpoint with this witness's line
}

// Contradiction is an error of a log, not of a network: two checkpoints that the
// log signed and that cannot both be true. It unwraps to ledger.ErrRollback,
// ledger.ErrFork or ledger.ErrClock.
type Contradiction struct {
	Err         error
	Origin      string
	Held, Shown string // the signed checkpoints
	Folder      string // where both are kept with the certificates of their keys
}

func (c *Contradiction) Error() string {
	return fmt.Sprintf("%s: %v; kept in %s", c.Origin, c.Err, c.Folder)
}

func (c *Contradiction) Unwrap() error { return c.Err }

// Look asks source for the latest checkpoint of a log. What continues the one held
// is put on the disk, and only then cosigned. What contradicts it is kept beside
// it, and is a [*Contradiction]; the one held stays what it was. Any other error
// decides nothing.
func (w *Witness) Look(ctx context.Context, source Source, origin string) (Sight, error) {
	held, err := w.recall(origin)
	if err != nil {
		return Sight{}, err
	}
	shown, err := source.Since(ctx, origin, held.head.Size)
	if err != nil {
		return Sight{}, fmt.Errorf("%s cannot be asked: %w", origin, err)
	}
	head, err := ledger.VerifyHead(shown.Checkpoint, shown.Keys, w.pinned, w.verifier)
	if err != nil {
		return Sight{}, fmt.Errorf("%s: what was shown is no true checkpoint: %w", origin, err)
	}
	if head.Origin != origin {
		return Sight{}, fmt.Errorf("%s: a checkpoint of another log was shown", origin)
	}
	if err := w.compare(held, head, shown); err != nil {
		return Sight{}, err
	}
	return w.keep(ctx, held, head, shown)
}

// compare judges what is shown by what is held. A proof from another size than the
// one asked for is a mistake of the source and accuses nobody.
func (w *Witness) compare(held memory, head ledger.Checkpoint, shown ledger.Consistency) error {
	if held.head.Size == 0 {
		return nil
	}
	if head.Size > held.head.Size && shown.From != held.head.Size {
		return fmt.Errorf("%s: a proof from size %d was shown, not from %d", head.Origin, shown.From, held.head.Size)
	}
	path := shown.Proof
	if head.Size == held.head.Size {
		path = nil
	}
	err := ledger.Follows(held.head, head, path)
	if err == nil {
		return nil
	}
	folder, kept := w.accuse(held, shown)
	return errors.Join(&Contradiction{Err: err, Origin: head.Origin, Held: held.shown.Checkpoint, Shown: shown.Checkpoint, Folder: folder}, kept)
}

// keep remembers before it cosigns: a witness that cosigned and then forgot would
// cosign the other branch of a fork.
func (w *Witness) keep(ctx context.Context, held memory, head ledger.Checkpoint, shown ledger.Consistency) (Sight, error) {
	if err := w.remember(head.Origin, shown); err != nil {
		return Sight{}, err
	}
	printed, err := ledger.Cosign(ctx, shown.Checkpoint, w.identity.name, w.identity.key, w.now())
	if err != nil {
		return Sight{}, err
	}
	if err := w.publish(head.Origin, printed); err != nil {
		return Sight{}, err
	}
	return Sight{Head: head, Added: head.Size - held.head.Size, Cosigned: printed}, nil
}
