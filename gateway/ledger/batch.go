package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kapok/crypto/pki"
)

// pendingAtOnce bounds how many pending entries one batch takes.
const pendingAtOnce = 256

// batch is what one transaction seals. Requests and awaited are set once; the rest
// is of one attempt.
type batch struct {
	requests []*request
	pending  bool     // look for pending entries
	awaited  []string // those that somebody waits for

	items   []*item // what is sealed, in order of arrival
	settled []Settled
	release []Claim // of members that declined
	before  uint64  // the log's size
	head    Checkpoint
	signed  string
	chain   [][]byte
	tree    *view
}

// item is one entry on its way.
type item struct {
	request *request // nil for a pending entry
	pending string
	found   Found
	entry   Entry
	subject string
	index   uint64

	encoded []byte // nil: not encoded yet
	packed  []byte // openings
	leaf    Hash
}

// ask collects what the members want to know, each thing once. Of two members
// that claim the same, the first has it.
func (b *batch) ask(size uint64, now time.Time, m *memo) Ask {
	ask := Ask{Size: size, Now: now, Awaited: b.awaited}
	if b.pending {
		ask.Pending = pendingAtOnce
	}
	m.forget()
	for _, r := range b.requests {
		for _, stop := range r.append.Stops {
			if !m.stops[stop] {
				m.stops[stop] = true
				ask.Stops = append(ask.Stops, stop)
			}
		}
		for _, claim := range r.append.Claims {
			if _, seen := m.claims[claim.key()]; !seen {
				m.claims[claim.key()] = Taken{}
				ask.Claims = append(ask.Claims, claim)
			}
		}
		for _, edition := range r.append.Editions {
			if !slices.Contains(ask.Editions, edition) {
				ask.Editions = append(ask.Editions, edition)
			}
		}
	}
	slices.SortFunc(ask.Claims, func(a, b Claim) int { return a.key().compare(b.key()) })
	return ask
}

// memo are the maps that a batch needs while it asks and while it decides, kept
// from batch to batch. They belong to the log's goroutine.
type memo struct {
	stops    map[Stop]bool
	claims   map[claimKey]Taken
	editions map[string]int64 // in force
}

func newMemo() *memo { return &memo{map[Stop]bool{}, map[claimKey]Taken{}, map[string]int64{}} }

func (m *memo) forget() {
	clear(m.stops)
	clear(m.claims)
	clear(m.editions)
}

type claimKey struct{ owner, space, key string }

func (c Claim) key() claimKey { return claimKey{c.Owner, c.Space, c.Key} }

func (k claimKey) compare(other claimKey) int {
	return cmp.Or(cmp.Compare(k.owner, other.owner), cmp.Compare(k.space, other.space), cmp.Compare(k.key, other.key))
}

// decide tells every member what was found and takes its entry. A member that
// declines, or whose entry cannot be taken, is answered and leaves.
func (b *batch) decide(read Read, m *memo) {
	b.items, b.settled, b.release = make([]*item, 0, len(b.requests)+len(read.Pending)), read.Settled, nil
	m.forget()
	for _, edition := range read.Editions {
		m.editions[edition.Kind] = edition.Number
	}
	for _, stop := range read.Stopped {
		m.stops[stop] = true
	}
	for _, taken := range read.Taken {
		m.claims[taken.Claim.key()] = taken
	}
	for _, r := range b.requests {
		found := r.found(m)
		if r.drafted != nil && found.Clear() {
			b.items = append(b.items, r.drafted.item(r))
			continue
		}
		entry, err := r.entry(found)
		if err != nil {
			r.result <- answer{err: internal(err)}
			continue
		}
		if entry.declined {
			b.release = append(b.release, r.made(found)...)
			r.result <- answer{sealed: Sealed{Found: found}, err: ErrDeclined}
			continue
		}
		b.items = append(b.items, &item{request: r, found: found, entry: entry, subject: r.append.Subject})
	}
	b.requests = b.remaining()
	for _, p := range read.Pending {
		b.items = append(b.items, &item{pending: p.ID, entry: p.Entry, subject: p.Subject})
	}
}

// remaining are the members that were not answered.
func (b *batch) remaining() []*request {
	requests := make([]*request, len(b.items))
	for i, it := range b.items {
		requests[i] = it.request
	}
	return requests
}

// found sorts out what concerns one member, and makes its claims its own for the
// members after it.
func (r *request) found(m *memo) Found {
	var found Found
	for _, stop := range r.append.Stops {
		if m.stops[stop] {
			found.Stopped = append(found.Stopped, stop)
		}
	}
	for _, claim := range r.append.Claims {
		if holder, taken := m.claims[claim.key()]; taken {
			found.Taken = append(found.Taken, Taken{Claim: claim, Digest: holder.Digest, Ref: holder.Ref})
			continue
		}
		m.claims[claim.key()] = Taken{Claim: claim, Digest: claim.Digest, Ref: claim.Ref}
	}
	for _, edition := range r.append.Editions {
		if inForce := m.editions[edition.Kind]; inForce != edition.Number {
			found.Outdated = append(found.Outdated, Edition{edition.Kind, inForce})
		}
	}
	return found
}

// made are the claims that a member was the one to make.
func (r *request) made(found Found) []Claim {
	return slices.DeleteFunc(slices.Clone(r.append.Claims), func(c Claim) bool {
		return slices.ContainsFunc(found.Taken, func(t Taken) bool { return t.Claim.key() == c.key() })
	})
}

// entry asks the member; a panic in it must not end the log.
func (r *request) entry(found Found) (entry Entry, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("ledger: the entry's function panicked: %v", recovered)
		}
	}()
	entry = r.append.Entry(found)
	if entry.declined {
		return entry, nil
	}
	return entry, entry.Check()
}

// prepare appends the batch's entries to the tree in memory, and signs its head.
func (l *Log) prepare(ctx context.Context, b *batch) (Write, error) {
	signing := l.options.Signing()
	sealed := l.sealingTime()
	if err := l.mayUse(signing, sealed); err != nil {
		return Write{}, err
	}
	rows, tiles, err := b.grow(l.tree, l.committer, sealed)
	if err != nil {
		return Write{}, err
	}
	root, err := b.tree.root()
	if err != nil {
		return Write{}, err
	}
	b.head = Checkpoint{Origin: l.lease.Origin, Size: l.tree.size, Root: root, Sealed: sealed}
	b.signed, err = b.head.sign(ctx, signing.Signer)
	if err != nil {
		return Write{}, err
	}
	begun := monthBegun(l.sealed, sealed)
	b.chain, l.sealed = signing.Chain, sealed
	w := Write{First: b.before, Month: begun, Rows: rows, Release: b.release, Tiles: tiles, Size: l.tree.size, Checkpoint: b.signed, Key: keyName(l.lease.Origin, signing.Signer.Public())}
	if w.Key != l.storedKey {
		w.Chain = signing.Chain
	}
	return w, nil
}

// monthBegun returns the month (UTC) of a sealing, when the one before it was in
// another; the zero time otherwise.
func monthBegun(before, now time.Time) time.Time {
	month := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }
	if month(before).Equal(month(now)) {
		return time.Time{}
	}
	return month(now)
}

// sealingTime does not run backwards, whatever the machine's clock does.
func (l *Log) sealingTime() time.Time {
	now := l.options.Now().UTC().Truncate(time.Millisecond)
	if now.Before(l.sealed) {
		return l.sealed
	}
	return now
}

// mayUse refuses to sign what no verifier would believe.
func (l *Log) mayUse(signing Signing, at time.Time) error {
	if len(signing.Chain) < 2 || len(signing.Chain) > maxChain+1 {
		return fmt.Errorf("ledger: the signing key's chain has to have 2 to %d certificates, the root last", maxChain+1)
	}
	if l.leaf == nil || !slices.Equal(l.leaf.Raw, signing.Chain[0]) {
		leaf, err := pki.Parse(signing.Chain[0])
		if err != nil {
			return fmt.Errorf("ledger: the signing key's certificate: %w", err)
		}
		l.leaf = leaf
	}
	if !l.leaf.ValidAt(at) {
		return errors.New("ledger: the signing key's certificate is not in force at the time of sealing")
	}
	return nil
}

// grow adds the items to the tree and returns what is to be stored of them.
func (b *batch) grow(t *tree, by *committer, sealed time.Time) (rows []Row, tiles []Tile, err error) {
	b.before = t.size
	blocks := t.blocks()
	rows = make([]Row, len(b.items))
	var touched []*block
	for i, it := range b.items {
		if err := it.encode(by, sealed); err != nil {
			return nil, nil, err
		}
		it.index = t.size
		rows[i] = it.row()
		t.append(it.leaf, func(grown *block) {
			if !slices.Contains(touched, grown) {
				touched = append(touched, grown)
			}
		})
	}
	b.tree = t.view(blocks)
	tiles = make([]Tile, len(touched))
	for i, grown := range touched {
		tiles[i] = grown.tile()
	}
	return rows, tiles, nil
}

// encode makes what enters the tree, unless a draft has it already. No entry is later
// than its sealing.
func (it *item) encode(by *committer, sealed time.Time) (err error) {
	if it.encoded != nil && !it.entry.At.After(sealed) {
		return nil
	}
	if it.entry.At.After(sealed) {
		it.entry.At = sealed
	}
	it.entry.At = it.entry.At.UTC().Truncate(time.Millisecond)
	if it.encoded, it.packed, err = by.commit(it.entry, it.subject); err != nil {
		return err
	}
	it.leaf = by.leaf(it.encoded)
	return nil
}

func (it *item) row() Row {
	row := Row{
		Index: it.index, At: it.entry.At, Kind: it.entry.Kind, Ref: it.entry.Ref,
		Entry: it.encoded, Openings: it.packed, Subject: it.subject, Pending: it.pending,
	}
	if it.request != nil {
		row.Attachment, row.Aside = it.request.append.Attachment, it.request.append.Aside
	}
	return row
}

func (b *batch) answer(origin string) {
	for _, it := range b.items {
		if it.request != nil {
			it.request.result <- answer{sealed: b.sealed(it, origin)}
		}
	}
}

func (b *batch) sealed(it *item, origin string) Sealed {
	return Sealed{
		Found: it.found, Entry: it.entry, Origin: origin, Index: it.index, Size: b.head.Size, Checkpoint: b.signed,
		evidence: &evidence{
			entry: it.encoded, packed: it.packed, index: it.index,
			checkpoint: b.signed, chain: b.chain, tree: b.tree,
		},
	}
}

func (b *batch) refuse(err error) {
	for _, r := range b.requests {
		r.result <- answer{err: err}
	}
}
