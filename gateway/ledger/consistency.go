package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/transparency-dev/merkle/proof"

	"kapok/crypto/sm"
)

const (
	consistencyKind    = "kapok-consistency"
	consistencyVersion = 1
)

// Consistency proves that a tree is an older one with entries added after its end
// (RFC 6962 §2.1.2), with the signed head of the newer one (FORMAT.md §12).
type Consistency struct {
	Checkpoint string     `json:"checkpoint"` // the newer signed note
	From       uint64     `json:"from"`       // size of the older tree; 0 for none
	Keys       []KeyChain `json:"keys"`       // of the newer's key, and of the older's where it is another
	Kind       string     `json:"kind"`
	Proof      [][]byte   `json:"proof"`
	Version    int        `json:"v"`
}

// Encode writes the proof as canonical JSON.
func (c Consistency) Encode() []byte {
	out := AppendJSONString([]byte(`{"checkpoint":`), c.Checkpoint)
	out = appendJSONNumber(append(out, `,"from":`...), c.From)
	out = appendJSONList(append(out, `,"keys":`...), c.Keys, appendKeyChain)
	out = AppendJSONString(append(out, `,"kind":`...), consistencyKind)
	out = appendJSONByteses(append(out, `,"proof":`...), c.Proof)
	out = appendJSONNumber(append(out, `,"v":`...), consistencyVersion)
	return append(out, '}')
}

// ParseConsistency accepts the canonical form only; one newline may follow it.
func ParseConsistency(raw []byte) (Consistency, error) {
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	var c Consistency
	if len(raw) > maxReceipt {
		return Consistency{}, fmt.Errorf("ledger: the proof is longer than %d bytes", maxReceipt)
	}
	if err := decodeStrictly(raw, &c); err != nil {
		return Consistency{}, fmt.Errorf("ledger: the proof: %w", err)
	}
	if c.Kind != consistencyKind || c.Version != consistencyVersion || !bytes.Equal(c.Encode(), raw) {
		return Consistency{}, fmt.Errorf("ledger: the proof is not canonical JSON of kind %s, version %d", consistencyKind, consistencyVersion)
	}
	return c, nil
}

// keyChain finds the certificates of the key that signed the note.
func (n note) keyChain(keys []KeyChain) ([][]byte, error) {
	at := slices.IndexFunc(keys, func(k KeyChain) bool { return k.Key == n.name })
	if at < 0 {
		return nil, errors.New("the certificates of the key that signed it are missing")
	}
	return keys[at].Chain, nil
}

// VerifyHead checks a signed checkpoint alone: its form, its key's certificates at
// the time of sealing, its signature.
func VerifyHead(printed string, keys []KeyChain, pinned Bundle, v *sm.Verifier) (Checkpoint, error) {
	n, err := parseNote(printed)
	if err != nil {
		return Checkpoint{}, err
	}
	head, err := n.checkpoint()
	if err != nil {
		return Checkpoint{}, err
	}
	chain, err := n.keyChain(keys)
	if err != nil {
		return Checkpoint{}, err
	}
	roots, err := pinned.roots()
	if err != nil {
		return Checkpoint{}, err
	}
	key, err := operationalKey(v, roots, head, chain)
	if err != nil {
		return Checkpoint{}, err
	}
	return head, n.verify(v, head.Origin, key)
}

// Errors of two checkpoints of which each alone is true. Whoever signed both has
// contradicted themselves.
var (
	// ErrRollback: the later one has fewer entries.
	ErrRollback = errors.New("rollback: the newer checkpoint has fewer entries than the older one")
	// ErrFork: nothing shows that the trees are one, longer and shorter.
	ErrFork = errors.New("fork: the newer tree is not shown to contain the older one")
	// ErrClock: the one with more entries was sealed before the other.
	ErrClock = errors.New("clock: the checkpoint with more entries was sealed before the other")
)

// Follows checks that newer continues older, by a proof of RFC 6962 §2.1.2.
func Follows(older, newer Checkpoint, path [][]byte) error {
	switch {
	case older.Origin != newer.Origin:
		return errors.New("the checkpoints are of different origins")
	case newer.Size < older.Size:
		return ErrRollback
	case newer.Sealed.Before(older.Sealed):
		return ErrClock
	}
	if err := proof.VerifyConsistency(hasher{}, older.Size, newer.Size, path, older.Root[:], newer.Root[:]); err != nil {
		return ErrFork
	}
	return nil
}

// VerifyConsistency says step by step whether newer continues older. keys holds
// the certificates of both checkpoints' keys.
func VerifyConsistency(older, newer string, path [][]byte, keys []KeyChain, pinned Bundle, v *sm.Verifier) Report {
	var report Report
	step := func(name, passed string, err error) {
		switch {
		case err != nil:
			report.Steps = append(report.Steps, Step{name, Fail, said(err)})
		default:
			report.Steps = append(report.Steps, Step{name, Pass, passed})
		}
	}
	first, err := VerifyHead(older, keys, pinned, v)
	step("older", describe(first), err)
	second, err := VerifyHead(newer, keys, pinned, v)
	step("newer", describe(second), err)
	if !report.OK() {
		report.Steps = append(report.Steps, Step{"consistency", Skipped, "a step before it failed"})
		return report
	}
	step("consistency", fmt.Sprintf("the newer tree is the older one with %d entries added", second.Size-first.Size), Follows(first, second, path))
	return report
}

func describe(head Checkpoint) string {
	return fmt.Sprintf("origin %s, %d entries, certified and signed", head.Origin, head.Size)
}

// Heads is what a proof asks of a database beside the tiles.
type Heads interface {
	// HeadAt returns the checkpoint of exactly that size, or the last one for size 0;
	// "" when there is none.
	HeadAt(ctx context.Context, origin string, size uint64) (string, error)
	Chain(ctx context.Context, origin, key string) ([][]byte, error)
	Tiles(ctx context.Context, origin string, ids []TileID) ([]Tile, error)
}

// ProveConsistency proves that the log's tree of size to contains the one of size
// from; for to = 0, the last one. Where the log is shorter than from, there is no
// proof in what it returns: the checkpoint speaks for itself.
func ProveConsistency(ctx context.Context, from Heads, origin string, size, to uint64) (Consistency, error) {
	c := Consistency{From: size, Kind: consistencyKind, Version: consistencyVersion}
	var err error
	if c.Checkpoint, err = from.HeadAt(ctx, origin, to); err != nil {
		return Consistency{}, err
	}
	newer, err := ParseCheckpoint(c.Checkpoint)
	if err != nil {
		return Consistency{}, fmt.Errorf("ledger: %s has no such checkpoint: %w", origin, err)
	}
	if err := c.addKeys(ctx, from, origin, size); err != nil {
		return Consistency{}, err
	}
	if size == 0 || size >= newer.Size {
		return c, nil
	}
	nodes, err := proof.Consistency(size, newer.Size)
	if err != nil {
		return Consistency{}, fmt.Errorf("ledger: %w", err)
	}
	hashes, err := nodesAt(ctx, from, origin, newer.Size, nodes.IDs)
	if err != nil {
		return Consistency{}, err
	}
	c.Proof, err = nodes.Rehash(slicesOf(hashes), hasher{}.HashChildren)
	return c, err
}

// addKeys adds the certificates of the newer checkpoint's key and, where there is a
// checkpoint of the older size, of that one's.
func (c *Consistency) addKeys(ctx context.Context, from Heads, origin string, size uint64) error {
	notes := []string{c.Checkpoint}
	if size > 0 {
		older, err := from.HeadAt(ctx, origin, size)
		if err != nil {
			return err
		}
		notes = append(notes, older)
	}
	for _, printed := range notes {
		n, err := parseNote(printed)
		if err != nil || slices.ContainsFunc(c.Keys, func(k KeyChain) bool { return k.Key == n.name }) {
			continue
		}
		chain, err := from.Chain(ctx, origin, n.name)
		if err != nil {
			return err
		}
		c.Keys = append(c.Keys, KeyChain{Chain: withoutRoot(chain), Key: n.name})
	}
	return nil
}

func slicesOf(hashes []Hash) [][]byte {
	list := make([][]byte, len(hashes))
	for i := range hashes {
		list[i] = hashes[i][:]
	}
	return list
}
