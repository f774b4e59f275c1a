package replay

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"kapok/gateway/ledger"
	"kapok/policies"
)

// Store is where notes are.
type Store interface {
	// Decisions calls begin once with every part, then visit with the notes made since a
	// moment, many at a time, each of [NoteSize] bytes, one after the other. What visit
	// returns ends it.
	Decisions(ctx context.Context, since time.Time, begin func(parts map[[ledger.PartSize]byte][]byte), visit func(records []byte) error) error
}

// NoteSize is the length of a note in bytes.
const NoteSize = noteSize

// Run decides again, by the set with, what was decided since a moment. What each is
// compared with is the decision of the set in force: the recorded one where that set
// made it, else the one that it makes now.
func Run(ctx context.Context, store Store, inForce, with *policies.Set, since, now time.Time) (Report, error) {
	began := time.Now()
	blocks := make(chan []byte, 16)
	workers := make([]*worker, runtime.GOMAXPROCS(0))
	var running sync.WaitGroup
	err := store.Decisions(ctx, since, func(parts map[[ledger.PartSize]byte][]byte) {
		for i := range workers {
			workers[i] = &worker{library: newLibrary(parts), inForce: inForce, with: with, tally: tally{}}
			running.Go(func() { workers[i].work(blocks) })
		}
	}, func(records []byte) error {
		select {
		case blocks <- records:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	close(blocks)
	running.Wait()
	if err != nil {
		return Report{}, err
	}
	report := Report{Since: since, Until: now, InForce: inForce.Digest(), With: with.Digest()}
	return report, report.sum(workers, time.Since(began))
}

type worker struct {
	library       *library
	inForce, with *policies.Set
	tally         tally
	err           error

	decisions, anew, differing int
}

func (w *worker) work(blocks <-chan []byte) {
	var one decided
	for records := range blocks {
		for ; len(records) >= noteSize && w.err == nil; records = records[noteSize:] {
			if w.err = w.library.read(records[:noteSize], &one); w.err == nil {
				w.again(&one)
			}
		}
		if len(records) > 0 && w.err == nil {
			w.err = fmt.Errorf("replay: notes that end within one")
		}
	}
}

// checkEvery is how often the set in force is asked although its decision is recorded:
// the two are to agree.
const checkEvery = 256

func (w *worker) again(one *decided) {
	before := one.outcome
	recorded := before.PolicySet == w.inForce.Digest()
	if !recorded || w.decisions%checkEvery == 0 {
		made := w.inForce.Decide(one.input)
		if recorded && (made.Allowed != before.Allowed || made.Code != before.Code) {
			w.differing++
		}
		if !recorded {
			w.anew++
			before = &outcome{Allowed: made.Allowed, Code: made.Code, Obligations: made.Obligations}
		}
	}
	w.decisions++
	w.tally.note(&one.input, before, w.with.Decide(one.input))
}
