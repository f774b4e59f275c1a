package ledger

import (
	"context"
	"errors"
	"fmt"

	"kapok/gateway"
)

// errBehind says that the store lacks, or contradicts, what was sealed before.
var errBehind = errors.New("ledger: the stored log does not contain what was sealed before: the database was set back or rewritten")

// behind is what callers hear of it, until an operator has decided (docs/recovery.md).
func behind() *gateway.Error {
	return gateway.Fail(gateway.Unavailable, "ledger-behind-anchor",
		"The stored log is shorter than, or another than, what was sealed before; it is not continued.")
}

// stand makes a checkpoint that is kept outside the store the least that the store
// must hold.
func (l *Log) stand(signed string) error {
	if signed == "" {
		return nil
	}
	floor, err := ParseCheckpoint(signed)
	if err != nil {
		return fmt.Errorf("ledger: the anchor of %s: %w", l.lease.Origin, err)
	}
	if floor.Origin != l.lease.Origin {
		return fmt.Errorf("ledger: the anchor given for %s is of another log", l.lease.Origin)
	}
	l.floor = floor
	return nil
}

// holdsFloor refuses a store that was set back under a log, before its start or
// while it runs: two trees that differ must never be signed for one origin.
func (l *Log) holdsFloor(ctx context.Context, size uint64) error {
	if l.floor.Size == 0 {
		return nil
	}
	if size >= l.floor.Size {
		root, err := RootAt(ctx, l.store, l.lease.Origin, l.floor.Size)
		if err != nil {
			return err
		}
		if root == l.floor.Root {
			return nil
		}
	}
	if l.behind.CompareAndSwap(false, true) {
		l.options.Log.Error("the stored log is behind its anchor and is not continued; see docs/recovery.md",
			"origin", l.lease.Origin, "stored", size, "anchored", l.floor.Size)
	}
	return behind().Because(errBehind)
}

// RootAt computes the root that a stored log had at an earlier size, from its tiles.
func RootAt(ctx context.Context, archive tileSource, origin string, size uint64) (Hash, error) {
	ids, _ := EdgeTiles(size)
	tiles, err := archive.Tiles(ctx, origin, ids)
	if err != nil {
		return Hash{}, err
	}
	then, err := newTree(size, tiles)
	if err != nil {
		return Hash{}, err
	}
	return then.view(then.blocks()).root()
}
