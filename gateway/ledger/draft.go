package ledger

import "time"

// draft is an entry that was encoded before it was known what is found, for the case
// that nothing is, which is so almost always. The caller makes it on its own
// goroutine, while the log commits what others sent: the commitments are most of the
// work that an entry costs.
type draft struct {
	entry           Entry
	encoded, packed []byte
	leaf            Hash
}

// draft leaves the request as it is where there is nothing to draft: then the log
// says why.
func (l *Log) draft(r *request) {
	entry, err := r.entry(Found{})
	if err != nil || entry.declined {
		return
	}
	entry.At = entry.At.UTC().Truncate(time.Millisecond)
	by := l.committers.Get().(*committer) //nolint:forcetypeassert // the pool holds nothing else
	defer l.committers.Put(by)
	encoded, packed, err := by.commit(entry, r.append.Subject)
	if err != nil {
		return
	}
	r.drafted = &draft{entry: entry, encoded: encoded, packed: packed, leaf: by.leaf(encoded)}
}

func (d *draft) item(r *request) *item {
	return &item{request: r, entry: d.entry, subject: r.append.Subject, encoded: d.encoded, packed: d.packed, leaf: d.leaf}
}
