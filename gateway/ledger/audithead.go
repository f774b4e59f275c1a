package ledger

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

func headAt(size uint64) string { return fmt.Sprintf("checkpoint %d", size) }

// compare takes the checkpoints and anchors of the tree's size.
func (l *logAudit) compare() {
	l.tree.since = nil // views of the past are not asked for
	due := l.heads.here && l.heads.now.Size <= l.tree.size
	anchored := slices.ContainsFunc(l.anchored, func(c Checkpoint) bool { return c.Size == l.tree.size })
	if !due && !anchored {
		return
	}
	root, err := l.tree.view(l.tree.blocks()).root()
	if err != nil {
		l.alter(headAt(l.tree.size), "its root cannot be computed")
		return
	}
	for ; l.heads.here && l.heads.now.Size <= l.tree.size; l.heads.next() {
		if head, ok := l.head(l.heads.now); ok {
			l.root(head, root)
		}
	}
	for _, head := range l.anchored {
		if head.Size == l.tree.size && head.Root != root {
			l.alter(headAt(head.Size), "the anchor kept outside the database has another root: the log was rewritten")
		}
	}
}

// root tells of the first that differs; those after it cannot agree.
func (l *logAudit) root(head Checkpoint, root Hash) {
	if head.Root == root {
		l.agreed = max(l.agreed, head.Size)
		return
	}
	if !l.differ {
		l.alter(headAt(head.Size), "it signs another root: among the entries from %d on something was altered", l.agreed)
	}
	l.differ = true
}

// head checks a stored checkpoint but for its root.
func (l *logAudit) head(stored AuditHead) (Checkpoint, bool) {
	l.report.Checkpoints++
	l.kept[stored.Size] = l.anchors[l.origin.Origin] != nil
	n, err := parseNote(stored.Note)
	if err != nil {
		l.alter(headAt(stored.Size), "it is not a signed note")
		return Checkpoint{}, false
	}
	head, err := n.checkpoint()
	if err != nil {
		l.alter(headAt(stored.Size), "its text is not a checkpoint")
		return Checkpoint{}, false
	}
	switch {
	case head.Origin != l.origin.Origin || head.Size != stored.Size || n.name != stored.Key:
		l.alter(headAt(stored.Size), "its origin, size or key is not the one beside it")
	case head.Sealed.Before(l.sealed):
		l.alter(headAt(stored.Size), "its time runs backwards")
	case l.latest.After(head.Sealed):
		l.alter(headAt(stored.Size), "an entry that it covers is later than its sealing")
	}
	if err := l.signed.check(n, head); err != nil {
		l.alter(headAt(stored.Size), "%s", said(err))
	}
	l.month(head)
	l.sealed, l.latest, l.headed = head.Sealed, time.Time{}, head.Size
	return head, true
}

func monthAt(month time.Time) string { return "month " + month.Format("2006-01") }

// month compares the table of months with the checkpoint that begins one.
func (l *logAudit) month(head Checkpoint) {
	begun := monthBegun(l.sealed, head.Sealed)
	if begun.IsZero() {
		return
	}
	first, listed := l.months[begun]
	if !listed || first != l.headed {
		l.alter(monthAt(begun), "it begins with entry %d, and the table of months does not say so", l.headed)
	}
	delete(l.months, begun)
}

// signatures checks checkpoints against the stored chains of one log.
type signatures struct {
	log  *logAudit
	keys map[string]*auditedKey
}

type auditedKey struct {
	chain  [][]byte // root last
	parsed []*pki.Certificate
	public *sm.PublicKey // nil: not used yet
	failed error
}

func newSignatures(l *logAudit, keys []KeyChain) signatures {
	s := signatures{l, map[string]*auditedKey{}}
	for _, one := range keys {
		s.keys[one.Key] = &auditedKey{chain: one.Chain}
	}
	return s
}

func (s signatures) check(n note, head Checkpoint) error {
	key, known := s.keys[n.name]
	if !known {
		return errors.New("the certificates of its key are not stored")
	}
	if key.public == nil && key.failed == nil {
		key.failed = s.certify(key, head)
	}
	if key.failed != nil {
		return key.failed
	}
	if slices.ContainsFunc(key.parsed, func(c *pki.Certificate) bool { return !c.ValidAt(head.Sealed) }) {
		return errors.New("a certificate of its key was not in force when it was sealed")
	}
	return n.verify(s.log.options.Verifier, head.Origin, key.public)
}

// certify leads the chain to a pinned root, which must be the one stored, too.
func (s signatures) certify(key *auditedKey, head Checkpoint) (err error) {
	if len(key.chain) < 2 {
		return errors.New("the certificates of its key are incomplete")
	}
	below, root := withoutRoot(key.chain), key.chain[len(key.chain)-1]
	if !slices.ContainsFunc(s.log.roots, func(c *pki.Certificate) bool { return slices.Equal(c.Raw, root) }) {
		return errors.New("the root of its key is not a pinned one")
	}
	public, err := operationalKey(s.log.options.Verifier, s.log.roots, head, below)
	if err != nil {
		return err
	}
	if key.parsed, err = parseChain(below); err != nil {
		return err
	}
	key.public = public
	return nil
}

func (s signatures) unused() {
	for name, key := range s.keys {
		if key.public == nil && key.failed == nil {
			s.log.alter("key "+name, "no checkpoint is signed by it")
		}
	}
}
