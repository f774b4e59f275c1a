package ledger

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// logAudit is the audit of one log: one pass over its entries, with the other tables
// read beside them.
type logAudit struct {
	*audit
	origin AuditOrigin

	accesses *puller[AuditAccess]
	heads    *puller[AuditHead]
	low      *puller[Tile]
	messages *puller[AuditMessage]
	high     map[TileID][]byte
	anchored []Checkpoint
	signed   signatures
	open     map[string]uint64 // intents without an outcome so far
	booked   map[string]bool   // those that the database says are open
	rests    rests
	months   map[time.Time]uint64 // first indices by the database; those not met yet
	headed   uint64               // size of the checkpoint before

	tree   *tree
	grown  map[TileID]*block // those above level 0
	next   uint64            // the index that comes
	broken bool              // an entry is missing: no root after it can be computed
	differ bool              // a root differs: so will all after it
	kept   map[uint64]bool   // sizes of anchored checkpoints that are stored as well
	agreed uint64            // size of the last checkpoint that agreed
	sealed time.Time
	latest time.Time // of the entries since the last checkpoint
	ended  bool      // by an entry that says so
}

func (a *audit) log(ctx context.Context, origin AuditOrigin) error {
	l := &logAudit{audit: a, origin: origin, anchored: a.anchors[origin.Origin], open: map[string]uint64{},
		grown: map[TileID]*block{}, kept: map[uint64]bool{}}
	if err := l.begin(ctx); err != nil {
		return err
	}
	defer func() { l.accesses.stop(); l.heads.stop(); l.low.stop(); l.messages.stop() }()
	for row, err := range a.source.Rows(ctx, origin.Origin) {
		if err != nil {
			return err
		}
		l.row(ctx, row)
	}
	l.finish()
	return errors.Join(l.accesses.err, l.heads.err, l.low.err, l.messages.err)
}

func (l *logAudit) begin(ctx context.Context) (err error) {
	l.tree, err = newTree(0, []Tile{{}})
	if err != nil {
		return err
	}
	high, err := l.source.HighTiles(ctx, l.origin.Origin)
	if err != nil {
		return err
	}
	l.high = map[TileID][]byte{}
	for _, tile := range high {
		l.high[tile.TileID] = tile.Hashes
	}
	keys, err := l.source.Keys(ctx, l.origin.Origin)
	if err != nil {
		return err
	}
	l.signed = newSignatures(l, keys)
	booked, err := l.source.Open(ctx, l.origin.Origin)
	if err != nil {
		return err
	}
	l.booked = map[string]bool{}
	for _, ref := range booked {
		l.booked[ref] = true
	}
	if l.months, err = l.source.Months(ctx, l.origin.Origin); err != nil {
		return err
	}
	if err := l.readRests(ctx); err != nil {
		return err
	}
	l.accesses = newPuller(l.source.Accesses(ctx, l.origin.Origin))
	l.heads = newPuller(l.source.Heads(ctx, l.origin.Origin))
	l.low = newPuller(l.source.LowTiles(ctx, l.origin.Origin))
	l.messages = newPuller(l.source.Messages(ctx, l.origin.Origin))
	return nil
}

func (l *logAudit) alter(where, what string, args ...any) {
	l.found(l.origin.Origin, where, what, args...)
}

func entryAt(index uint64) string { return fmt.Sprintf("entry %d", index) }

func (l *logAudit) row(ctx context.Context, row AuditRow) {
	if row.Index != l.next {
		l.alter(entryAt(l.next), "it is missing: the next entry stored is %d", row.Index)
		l.broken = true
	}
	l.next = row.Index + 1
	l.report.Entries++
	leaf, err := ParseLeaf(row.Entry)
	if err != nil {
		l.alter(entryAt(row.Index), "it is not an entry in its canonical encoding")
	} else {
		l.content(ctx, row, leaf)
	}
	if l.broken {
		return
	}
	l.tree.append(LeafHash(row.Entry), func(grown *block) {
		if grown.Level == 0 {
			l.lowTile(grown.tile())
			return
		}
		l.grown[grown.TileID] = grown
	})
	l.compare()
}

// content compares what stands beside an entry with the entry.
func (l *logAudit) content(ctx context.Context, row AuditRow, leaf Leaf) {
	if row.Kind != leaf.Kind || row.Ref != leaf.Ref || !row.At.Equal(leaf.At) {
		l.alter(entryAt(row.Index), "the columns beside it (kind, reference or time) are not those of the entry")
	}
	if l.ended {
		l.alter(entryAt(row.Index), "it stands after the entry that ended the log")
	}
	l.ended = l.ended || leaf.Kind == RetiredKind
	if leaf.At.After(l.latest) {
		l.latest = leaf.At
	}
	switch leaf.Kind {
	case IntentKind:
		l.open[leaf.Ref] = row.Index
	case OutcomeKind:
		delete(l.open, leaf.Ref)
	}
	listed := l.listed(row.Index)
	if row.Openings == nil && len(listed) == 1 && l.erased(listed[0].Subject) {
		l.index(row, leaf, listed[0].Subject, listed)
		return
	}
	subject, openings := l.openings(row, leaf)
	l.index(row, leaf, subject, listed)
	l.message(ctx, row.Index, leaf, openings)
}

// openings checks each against its commitment, and returns the subject.
func (l *logAudit) openings(row AuditRow, leaf Leaf) (subject string, openings []Opening) {
	openings, err := unpack(row.Openings)
	if err != nil {
		l.alter(entryAt(row.Index), "its openings cannot be read")
		return "", nil
	}
	opened := map[string]bool{}
	for _, o := range openings {
		committed, known := leaf.commitment(o.Name)
		switch {
		case !known || opened[o.Name]:
			l.alter(entryAt(row.Index), "an opening is of no field of the entry")
		case committed != o.Commitment():
			l.alter(entryAt(row.Index), "the stored value of field %s is not the one committed to", o.Name)
		case o.Name == SubjectField:
			subject = o.Value
		}
		opened[o.Name] = true
	}
	for _, c := range leaf.Commitments {
		if !opened[c.Name] {
			l.alter(entryAt(row.Index), "the opening of field %s is gone, and no sealed erasure accounts for it", c.Name)
		}
	}
	l.rests.check(row.Index, leaf.Kind, openings)
	return subject, openings
}

// listed are the rows of the citizens' index that point to an entry.
func (l *logAudit) listed(index uint64) (listed []AuditAccess) {
	l.skipAccesses(index)
	for ; l.accesses.here && l.accesses.now.Index == index; l.accesses.next() {
		listed = append(listed, l.accesses.now)
	}
	return listed
}

// index wants exactly one row of the citizens' index for an entry that concerns
// somebody, and none for another.
func (l *logAudit) index(row AuditRow, leaf Leaf, subject string, listed []AuditAccess) {
	for _, one := range listed {
		if one.Subject != subject || !one.At.Equal(leaf.At) {
			l.alter(entryAt(row.Index), "the citizens' index names another subject or time than the entry")
		}
	}
	_, concerns := leaf.commitment(SubjectField)
	switch {
	case concerns && len(listed) == 0:
		l.alter(entryAt(row.Index), "the citizens' index does not list it")
	case !concerns && len(listed) > 0, len(listed) > 1:
		l.alter(entryAt(row.Index), "the citizens' index lists it %d times", len(listed))
	}
}

// skipAccesses tells of rows of the citizens' index that point below, where no entry
// asked for them.
func (l *logAudit) skipAccesses(below uint64) {
	for ; l.accesses.here && l.accesses.now.Index < below; l.accesses.next() {
		l.alter(entryAt(l.accesses.now.Index), "the citizens' index points to it, and it is not there")
	}
}

func (l *logAudit) lowTile(computed Tile) {
	for ; l.low.here && l.low.now.N < computed.N; l.low.next() {
		l.alter(tileAt(l.low.now.TileID), "it stands twice or where none should")
	}
	if !l.low.here || l.low.now.N != computed.N {
		l.alter(tileAt(computed.TileID), "it is missing")
		return
	}
	l.sameTile(computed, l.low.now.Hashes)
	l.low.next()
}

func (l *logAudit) sameTile(computed Tile, stored []byte) {
	if len(stored) != len(computed.Hashes) {
		l.alter(tileAt(computed.TileID), "it holds %d hashes, and %d belong there", len(stored)/HashSize, len(computed.Hashes)/HashSize)
		return
	}
	for at := 0; at < len(stored); at += HashSize {
		if !bytes.Equal(stored[at:at+HashSize], computed.Hashes[at:at+HashSize]) {
			first := (computed.N*TileWidth + uint64(at/HashSize)) << (tileHeight * computed.Level)
			l.alter(tileAt(computed.TileID), "its hash %d is not that of the entries from %d on", at/HashSize, first)
			return
		}
	}
}

func tileAt(id TileID) string { return fmt.Sprintf("tile %d/%d", id.Level, id.N) }

// finish looks at what is left when the entries have come to their end.
func (l *logAudit) finish() {
	l.skipAccesses(^uint64(0))
	l.skipMessages(^uint64(0))
	if !l.broken {
		l.highTiles()
	}
	for ; l.low.here && !l.broken; l.low.next() {
		l.alter(tileAt(l.low.now.TileID), "it is beyond the entries")
	}
	for ; l.heads.here; l.heads.next() {
		if head, ok := l.head(l.heads.now); ok && !l.broken {
			l.alter(headAt(head.Size), "it signs more entries than are stored (%d)", l.next)
		}
	}
	for _, head := range l.anchored {
		if head.Size > l.next {
			l.alter("the end of the log", "it was anchored with %d entries and now has %d", head.Size, l.next)
		} else if !l.kept[head.Size] {
			l.alter(headAt(head.Size), "it was anchored and is not stored")
		}
	}
	if l.origin.Size != l.next {
		l.alter("the book of logs", "it says %d entries, and %d are stored", l.origin.Size, l.next)
	}
	if !l.broken && !l.differ && l.agreed != l.next {
		l.alter("the end of the log", "entries from %d on are sealed by no checkpoint", l.agreed)
	}
	l.signed.unused()
	l.unsettled()
	for month := range l.months {
		l.alter(monthAt(month), "the table of months lists it, and nothing was sealed in it")
	}
}

// highTiles compares the tiles above level 0, which grow, at their last state.
func (l *logAudit) highTiles() {
	computed := l.grown
	for _, id := range sortedTiles(computed) {
		stored, there := l.high[id]
		if !there {
			l.alter(tileAt(id), "it is missing")
			continue
		}
		l.sameTile(computed[id].tile(), stored)
	}
	for _, id := range sortedTiles(l.high) {
		if computed[id] == nil {
			l.alter(tileAt(id), "it is beyond the entries")
		}
	}
}

func sortedTiles[T any](tiles map[TileID]T) []TileID {
	var ids []TileID
	for id := range tiles {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b TileID) int { return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.N, b.N)) })
	return ids
}

// unsettled: an intent without an outcome stands in the book of open ones, as long as
// its log goes on.
func (l *logAudit) unsettled() {
	for ref, index := range l.open {
		if !l.booked[ref] && !l.origin.Retired {
			l.alter(entryAt(index), "the intent has no outcome, and the book of open intents does not list it")
		}
	}
}
