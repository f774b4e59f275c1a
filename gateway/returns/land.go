package returns

import (
	"context"
	"io/fs"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"kapok/gateway"
)

// batchRows is how many rows become durable together: enough that a commit's price
// does not matter, few enough that memory stays small and little is done again.
const batchRows = 20_000

// batch is what goes from reading to sealing to writing.
type batch struct {
	rows    []checked
	persons []Person // once they are known
	after   Progress
}

// written is a batch on its way to the store.
type written struct {
	rows  []Row
	after Progress
}

// Rows keeps what is landed.
type Rows interface {
	// Land adds rows to a delivery's table and notes the progress, in one transaction.
	Land(ctx context.Context, delivery Delivery, rows []Row, after Progress) error
}

// landing reads the files of a delivery, checks them and lands their rows.
type landing struct {
	delivery Delivery
	dataset  *Dataset
	files    fs.FS // each file can seek
	rows     Rows
	people   People
	sealer   *sealer
	tell     func(Progress)

	findings Findings
	broken   atomic.Bool // something was found: nothing more is landed
}

// run goes on from where the landing was left off, and returns how far it came. Four
// stages work at once: reading and checking, knowing the persons, sealing, writing.
func (l *landing) run(ctx context.Context, from Progress) (Progress, error) {
	group, ctx := errgroup.WithContext(ctx)
	toKnow, toSeal, toWrite := make(chan batch, 1), make(chan batch, 1), make(chan written, 1)
	last := from
	group.Go(func() error {
		defer close(toKnow)
		return l.read(ctx, from, toKnow)
	})
	group.Go(func() error {
		defer close(toSeal)
		return pass(ctx, toKnow, toSeal, l.know)
	})
	group.Go(func() error {
		defer close(toWrite)
		return pass(ctx, toSeal, toWrite, l.seal)
	})
	group.Go(func() error {
		for one := range toWrite {
			if l.broken.Load() {
				continue
			}
			if err := l.rows.Land(ctx, l.delivery, one.rows, one.after); err != nil {
				return err
			}
			last = one.after
			l.tell(last)
		}
		return nil
	})
	err := group.Wait()
	return last, err
}

// pass is a stage between two others.
func pass[A, B any](ctx context.Context, from <-chan A, to chan<- B, work func(context.Context, A) (B, error)) error {
	for one := range from {
		done, err := work(ctx, one)
		if err != nil {
			return err
		}
		select {
		case to <- done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// know finds the persons of a batch and their keys.
func (l *landing) know(ctx context.Context, one batch) (batch, error) {
	if l.broken.Load() {
		return one, nil
	}
	identities := make([]gateway.Identity, len(one.rows))
	for i := range one.rows {
		identities[i] = one.rows[i].person
	}
	var err error
	one.persons, err = l.people.DataKeys(ctx, identities)
	return one, err
}

func (l *landing) seal(ctx context.Context, one batch) (written, error) {
	if len(one.persons) < len(one.rows) { // nothing is landed any more
		return written{after: one.after}, nil
	}
	rows, err := l.sealer.seal(ctx, one.rows, one.persons)
	return written{rows, one.after}, err
}

// read reads the files that are left, each to its end, and reports all that is wrong.
func (l *landing) read(ctx context.Context, from Progress, to chan<- batch) error {
	content, err := newContent(from.Content)
	if err != nil {
		return err
	}
	for ; from.File < len(l.delivery.Manifest.Files); from = l.nextFile(from) {
		reading := &reading{landing: l, file: l.delivery.Manifest.Files[from.File], from: from, content: content, to: to}
		if from, err = reading.all(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *landing) nextFile(from Progress) Progress {
	done := append(from.Done[:len(from.Done):len(from.Done)], from.Tally)
	return Progress{
		File: from.File + 1, Done: done, Content: from.Content, Landed: from.Landed,
		Read: from.Read, Tally: Tally{Sums: map[string]string{}},
	}
}

// find notes what is wrong, and that nothing is to be landed any more.
func (l *landing) find(one Finding) {
	l.findings.add(one)
	l.broken.Store(true)
}
