package ledger

import (
	"bytes"
	"fmt"
)

// join takes the next chunk in order: it completes the roots by what lies on the
// left, and looks at what one chunk alone cannot tell.
func (c *logCheck) join(s *chunkScan) {
	c.signatures += s.signatures
	name := checkpointsName(s.number)
	for i := range s.heads {
		c.head(name, &s.heads[i])
	}
	c.keepLate(s)
	if c.ended {
		c.found.at("entries", entriesName(s.number), s.first, errEnded)
	}
	c.ended = c.ended || s.ended
	if s.read != s.end {
		c.lose(s)
		return
	}
	if want := c.manifest.Chunks[s.number-c.manifest.chunk(0)].Root; !bytes.Equal(want, s.root[:]) {
		c.found.add("roots", entriesName(s.number), "its entries lead to another root of the chunk than the manifest's")
	}
	if s.end-s.first == ChunkEntries && !c.lost {
		c.left.add(chunkHeight, s.root)
	}
}

func (c *logCheck) lose(s *chunkScan) {
	if !c.lost {
		c.found.at("roots", entriesName(s.number), s.read, "no root from this entry on could be computed, since it cannot be read")
	}
	c.lost = true
}

func (c *logCheck) head(name string, head *scannedHead) {
	c.heads++
	c.order(name, head)
	c.sealLate(head)
	c.root(name, head)
	c.key(name, head)
	kept := *head // alone, so that the chunk's other checkpoints are forgotten
	c.before = &kept
}

func (c *logCheck) order(name string, head *scannedHead) {
	if c.before == nil {
		return
	}
	if head.Size <= c.before.Size {
		c.found.add("checkpoints", name, fmt.Sprintf("a checkpoint of size %d follows one of size %d", head.Size, c.before.Size))
	}
	if head.Sealed.Before(c.before.Sealed) {
		c.found.add("checkpoints", name, fmt.Sprintf("the checkpoint of size %d was sealed before the one that it follows", head.Size))
	}
}

// root compares the checkpoint's root with that of the entries. Where they differ,
// what was altered lies after the last checkpoint that agreed.
func (c *logCheck) root(name string, head *scannedHead) {
	if c.lost || !head.computed {
		return
	}
	if c.left.above(chunkHeight, head.partial) != head.Root {
		c.found.at("roots", name, c.agreed, fmt.Sprintf(
			"the checkpoint of size %d signs another root than the entries lead to: it is altered, or one of the entries %d to %d",
			head.Size, c.agreed, head.Size-1))
		return
	}
	c.agreed = head.Size
}

// key notes what the key was used for, and checks the signatures on both sides of
// a change of keys.
func (c *logCheck) key(name string, head *scannedHead) {
	if head.key == nil {
		c.found.add("keys", name, fmt.Sprintf("the certificates of the key of the checkpoint of size %d are missing", head.Size))
	} else {
		head.key.use(head.Checkpoint)
	}
	if c.before != nil && c.before.note.name == head.note.name {
		return
	}
	if c.before != nil {
		c.sign(c.fileOf(c.before), c.before)
	}
	c.sign(name, head)
}

func (k *logKey) use(head Checkpoint) {
	if k.first == nil {
		k.first = &head
	}
	k.last = &head
}

// fileOf names the file that a checkpoint stands in.
func (c *logCheck) fileOf(head *scannedHead) string {
	return checkpointsName((head.Size - 1) / ChunkEntries)
}

// sign checks a signature unless it was checked already.
func (c *logCheck) sign(name string, head *scannedHead) {
	if c.options.All || head.checked {
		return
	}
	c.signatures++
	c.checkSignature(name, head)
}

// checkSignature is also called while chunks are scanned.
func (c *logCheck) checkSignature(name string, head *scannedHead) {
	head.checked = true
	if head.key == nil {
		c.found.add("signatures", name, fmt.Sprintf("the checkpoint of size %d is signed by an unknown key", head.Size))
		return
	}
	if err := head.note.verify(c.options.Verifier, c.manifest.Origin, head.key.public); err != nil {
		c.found.add("signatures", name, fmt.Sprintf("the checkpoint of size %d: %s", head.Size, said(err)))
	}
}

// sealLate compares the entries that waited for a checkpoint of a later chunk.
func (c *logCheck) sealLate(head *scannedHead) {
	if c.late > head.sealed {
		c.found.at("time", entriesName(c.lateIndex/ChunkEntries), c.lateIndex, errLate)
	}
	c.late = -1
}

func (c *logCheck) keepLate(s *chunkScan) {
	if s.late > c.late {
		c.late, c.lateIndex = s.late, s.lateIndex
	}
}

// finish looks at the whole: its end, and the keys that were used.
func (c *logCheck) finish() {
	if c.before == nil || c.before.Size != c.manifest.Size {
		c.found.add("checkpoints", manifestName, fmt.Sprintf("there is no checkpoint of the log's size %d", c.manifest.Size))
	}
	if c.before != nil {
		c.sign(c.fileOf(c.before), c.before)
	}
	for _, key := range c.usedKeys() {
		c.certificates(key)
	}
}

// certificates asks at the first and the last use: what is in force at both is in
// force between.
func (c *logCheck) certificates(key *logKey) {
	if key.first == nil {
		c.found.add("keys", keysName, "the key "+key.Key+" signed no checkpoint of the export")
		return
	}
	uses := []*Checkpoint{key.first, key.last}
	for _, use := range uses {
		if _, err := operationalKey(c.options.Verifier, c.roots, *use, key.Chain); err != nil {
			c.found.add("certificates", keysName, fmt.Sprintf("key %s when the checkpoint of size %d was sealed: %s", key.Key, use.Size, said(err)))
			return
		}
	}
}
