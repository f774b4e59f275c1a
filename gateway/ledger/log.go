package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// Signing is the operational key of the moment with its certificates: one
// consistent snapshot.
type Signing struct {
	Signer sm.Signer
	Chain  [][]byte // DER, the key's own certificate first, the root last
}

// Options say which log it is and how it works. Origin, Node and Signing are
// required.
type Options struct {
	Origin  string         // a schema-less URL that stays this log's name for ever: "kapok.example.cn/node-a"
	Node    string         // which machine writes it; a restart of the same node needs to wait for no lease
	Signing func() Signing // called for each batch

	Floor  string // signed checkpoint kept outside the store, which the stored log must contain; "": none
	Estate bool   // another node's log, opened to be closed: entries left pending are not taken into it

	Lease    time.Duration                         // 0: 15 s
	MaxBatch int                                   // entries in one commit; 0: 1024
	Queue    int                                   // appends that may wait; 0: 4096
	Timeout  time.Duration                         // of one batch; 0: 10 s
	Log      *slog.Logger                          // nil: discard
	Now      func() time.Time                      // nil: time.Now
	OnBatch  func(entries int, took time.Duration) // after each commit, on the log's goroutine; nil: nothing
}

// Log is one node's log. It is safe for concurrent use; one goroutine of its own
// does all the writing. Its memory does not grow with the log.
type Log struct {
	store   Store
	options Options
	lease   Lease

	queue   chan *request
	wake    chan struct{} // there are pending entries; one wake-up is as good as many
	closing chan struct{}
	done    chan struct{} // closed when the sequencer has ended
	fenced  atomic.Bool   // the lease is lost; for good
	behind  atomic.Bool   // the store was set back; for good
	close   sync.Once

	drains     drains
	settled    settled
	committers sync.Pool // of *committer, for drafts

	// Of the sequencer's goroutine alone.
	tree      *tree      // nil: load it again before writing
	sealed    time.Time  // of the last checkpoint
	floor     Checkpoint // what the stored log must contain: the last that is known to be sealed
	storedKey string     // the key whose chain is stored already
	leaf      *pki.Certificate
	committer *committer
	memo      *memo
	wary      int // batches still to be asked about before they are written
}

// Open takes the origin's lease, checks that the log's edge agrees with its last
// checkpoint, and starts to write. Entries left pending, by a crash for instance,
// are sealed at once.
func Open(ctx context.Context, store Store, options Options) (*Log, error) {
	options = options.withDefaults()
	if !originFits(options.Origin) {
		return nil, errors.New("ledger: an origin is 1 to 100 printable ASCII characters without space and plus")
	}
	if options.Node == "" || options.Signing == nil {
		return nil, errors.New("ledger: a log needs a node's name and a signing key")
	}
	token := make([]byte, 16)
	if _, err := rand.Read(token); err != nil {
		return nil, fmt.Errorf("ledger: lease token: %w", err)
	}
	l := &Log{
		store: store, options: options,
		lease:   Lease{Origin: options.Origin, Node: options.Node, Token: hex.EncodeToString(token), For: options.Lease},
		queue:   make(chan *request, options.Queue),
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		done:    make(chan struct{}),

		committer: newCommitter(),
		memo:      newMemo(),
	}
	l.committers.New = func() any { return newCommitter() }
	if err := l.stand(options.Floor); err != nil {
		return nil, err
	}
	if err := store.Take(ctx, l.lease); err != nil {
		return nil, fmt.Errorf("ledger: take %s: %w", options.Origin, err)
	}
	if err := l.load(ctx); err != nil {
		return nil, errors.Join(err, l.release(ctx))
	}
	l.wakeUp()
	go l.sequence()
	go l.keepLease()
	go l.keepSettling()
	return l, nil
}

func (o Options) withDefaults() Options {
	setDefault(&o.Lease, 15*time.Second)
	setDefault(&o.MaxBatch, 1024)
	setDefault(&o.Queue, 4096)
	setDefault(&o.Timeout, 10*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OnBatch == nil {
		o.OnBatch = func(int, time.Duration) {}
	}
	return o
}

func setDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// Close seals what waits, gives up the lease and ends the log. Appends that come
// later are refused.
func (l *Log) Close(ctx context.Context) error {
	if err := l.end(ctx); err != nil || l.fenced.Load() {
		return err
	}
	return l.release(ctx)
}

func (l *Log) end(ctx context.Context) error {
	l.close.Do(func() { close(l.closing) })
	select {
	case <-l.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return l.settleNow(ctx)
}

func (l *Log) release(ctx context.Context) error {
	lease := l.lease
	lease.For = 0
	if err := l.store.Renew(ctx, lease); err != nil && !errors.Is(err, ErrLeaseLost) { // lost, or given up before: there is none to give up
		return fmt.Errorf("ledger: release %s: %w", lease.Origin, err)
	}
	return nil
}

// Ready returns nil while the log takes entries: it holds its lease and is open.
func (l *Log) Ready() error { return l.refusing() }

func (l *Log) refusing() error {
	if l.fenced.Load() {
		return lost()
	}
	if l.behind.Load() {
		return behind()
	}
	select {
	case <-l.closing:
		return closed()
	default:
		return nil
	}
}

// load reads where the origin stands, and refuses to go on from an edge that its
// last checkpoint does not sign, or that lacks what was sealed before.
func (l *Log) load(ctx context.Context) error {
	state, err := l.store.Load(ctx, l.lease)
	if err != nil {
		return fmt.Errorf("ledger: load %s: %w", l.lease.Origin, err)
	}
	grown, err := newTree(state.Size, state.Edge)
	if err != nil {
		return err
	}
	sealed, err := agree(grown, state.Checkpoint, l.lease.Origin)
	if err != nil {
		return err
	}
	if err := l.holdsFloor(ctx, state.Size); err != nil {
		return err
	}
	l.tree, l.sealed, l.storedKey = grown, sealed, ""
	return nil
}

func agree(t *tree, signed, origin string) (sealed time.Time, err error) {
	if t.size == 0 && signed == "" {
		return time.Time{}, nil
	}
	last, err := ParseCheckpoint(signed)
	if err != nil {
		return time.Time{}, fmt.Errorf("ledger: the last checkpoint of %s: %w", origin, err)
	}
	root, err := t.view(t.blocks()).root()
	if err != nil {
		return time.Time{}, err
	}
	if last.Origin != origin || last.Size != t.size || last.Root != root {
		return time.Time{}, fmt.Errorf("ledger: the stored tree of %s is not the one that its last checkpoint signs; it was altered, and is not continued", origin)
	}
	return last.Sealed, nil
}
