package licensing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/licence"
)

// Batch is a list of licences to be issued in bulk (批量制证、签发), and how far it is.
type Batch struct {
	ID     string
	Issuer string
	Actor  string
	Made   time.Time
	Total  int
	Issued int
	Failed []FailedRow // the first hundred
}

// FailedRow is a draft that could not be issued, by its place in the list.
type FailedRow struct {
	N    int
	Code string
}

// BatchRow is one draft of a batch, sealed.
type BatchRow struct {
	N          int
	SubjectRef string
	Sealed     []byte
}

// Batches keeps batches. IssueRows commits the changes and marks their rows in one
// transaction; a row that somebody else has marked meanwhile is Conflict, batch-row-done,
// and changes nothing.
type Batches interface {
	KeepBatch(ctx context.Context, b Batch, rows []BatchRow, entry ledger.Entry) (pending string, err error)
	Batch(ctx context.Context, id string) (Batch, error) // NotFound, batch-unknown
	OpenBatches(ctx context.Context) ([]Batch, error)
	PendingRows(ctx context.Context, batch string, after, limit int) ([]BatchRow, error) // of places beyond after
	IssueRows(ctx context.Context, batch string, rows []int, changes []Change) (pending []string, err error)
	FailRow(ctx context.Context, batch string, n int, code string) error
}

const (
	// MaxBatch is the longest list that is taken at once.
	MaxBatch = 5000
	// chunk is how many are prepared side by side and committed together: as many as one
	// call to the key service seals well.
	chunk = 250
)

// draftKept is a draft as it is kept until it is issued.
type draftKept struct {
	Draft
	IDType   gateway.IdentityType `json:"id_type"`
	IDNumber string               `json:"id_number"`
}

// OpenBatch checks every draft and keeps them all, or none: the error names the first
// that breaks a rule, by its place.
func (s *Service) OpenBatch(ctx context.Context, by Officer, drafts []Draft) (Batch, error) {
	if len(drafts) == 0 || len(drafts) > MaxBatch {
		return Batch{}, wrong(gateway.Invalid, "/licences", "field-invalid", fmt.Sprintf("A batch has 1 to %d licences.", MaxBatch))
	}
	seen := map[string]bool{}
	for n, d := range drafts {
		t, err := s.terms(by, d.Kind)
		if err == nil {
			err = t.check(d)
		}
		if err == nil && seen[d.Kind+"/"+d.Number] {
			err = wrong(gateway.Invalid, "/number", "field-invalid", "The batch gives a number twice.")
		}
		if err != nil {
			return Batch{}, inRow(n, err)
		}
		seen[d.Kind+"/"+d.Number] = true
	}
	rows := make([]BatchRow, len(drafts))
	err := s.each(len(drafts), func(n int) error {
		subject, err := s.Subjects.SubjectRef(ctx, drafts[n].Holder)
		if err != nil {
			return err
		}
		kept := draftKept{Draft: drafts[n], IDType: drafts[n].Holder.Type, IDNumber: drafts[n].Holder.Number()}
		kept.Holder = gateway.Identity{}
		plain, err := json.Marshal(kept)
		if err != nil {
			return err
		}
		sealed, err := s.encrypt(ctx, subject, plain)
		rows[n] = BatchRow{N: n, SubjectRef: subject, Sealed: sealed}
		return err
	})
	if err != nil {
		return Batch{}, err
	}
	b := Batch{ID: gateway.NewRef(), Issuer: by.Department, Actor: by.Ref, Made: s.Now().UTC().Truncate(time.Millisecond), Total: len(drafts)}
	pending, err := s.Batches.KeepBatch(ctx, b, rows, ledger.Entry{Kind: "licence-batch-opened", Ref: b.ID, At: b.Made, Fields: []ledger.Field{
		{Name: "department", Value: by.Department}, {Name: "actor", Value: by.Ref}, {Name: "licences", Value: fmt.Sprint(b.Total)},
	}})
	if err != nil {
		return Batch{}, err
	}
	_, err = s.Log.Drain(ctx, pending)
	return b, err
}

func inRow(n int, err error) error {
	failure := *gateway.AsError(err)
	failure.Field = fmt.Sprintf("/licences/%d%s", n, failure.Field)
	return &failure
}

// sideBySide is how many licences are prepared at once: enough that their signatures
// share calls to the key service.
const sideBySide = 64

// each does something for 0 to n-1, many at once, and returns the first error.
func (s *Service) each(n int, do func(int) error) error {
	var all sync.WaitGroup
	errs, slots := make([]error, n), make(chan struct{}, sideBySide)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(i)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// RunBatch issues what is still pending of a batch. It may be run again after a node was
// killed, and by two at once: no licence is issued twice.
func (s *Service) RunBatch(ctx context.Context, b Batch) error {
	for {
		found, err := s.passOver(ctx, b)
		if err != nil || found == 0 {
			return err
		}
	}
}

// passOver issues what is pending, once, and returns how many drafts it found. While one
// chunk is committed the next is prepared: the one waits for the disk, the other computes.
func (s *Service) passOver(ctx context.Context, b Batch) (found int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	prepared, failed := make(chan preparedChunk), make(chan error, 1)
	go func() {
		for each := range prepared {
			if err := s.issueRows(ctx, b, each); err != nil {
				failed <- err
				cancel()
				for range prepared { // whoever prepares must not wait for ever
				}
				return
			}
		}
		failed <- nil
	}()
	for after := -1; err == nil; {
		var rows []BatchRow
		if rows, err = s.Batches.PendingRows(ctx, b.ID, after, chunk); err != nil || len(rows) == 0 {
			break
		}
		found, after = found+len(rows), rows[len(rows)-1].N
		prepared <- s.prepare(ctx, b, rows)
	}
	close(prepared)
	if committing := <-failed; committing != nil {
		return found, committing // what it cancelled is no reason of its own
	}
	return found, err
}

// preparedChunk is drafts with what they came to.
type preparedChunk struct {
	rows    []BatchRow
	changes []Change
	failed  []error
}

func (s *Service) prepare(ctx context.Context, b Batch, rows []BatchRow) preparedChunk {
	p := preparedChunk{rows, make([]Change, len(rows)), make([]error, len(rows))}
	_ = s.each(len(rows), func(i int) error {
		p.changes[i], p.failed[i] = s.changeOf(ctx, b, rows[i])
		return nil
	})
	return p
}

func (s *Service) issueRows(ctx context.Context, b Batch, p preparedChunk) error {
	rows, changes, failed := p.rows, p.changes, p.failed
	var ready []Change
	var numbers []int
	for i, err := range failed {
		if err == nil {
			ready, numbers = append(ready, changes[i]), append(numbers, rows[i].N)
			continue
		}
		if err := s.failRow(ctx, b, rows[i].N, err); err != nil {
			return err
		}
	}
	err := s.commit(ctx, b, numbers, ready)
	if gateway.AsError(err).Code != "licence-number-taken" {
		return err
	}
	for i := range ready { // one of them stands already: find which
		err := s.commit(ctx, b, numbers[i:i+1], ready[i:i+1])
		if gateway.AsError(err).Code == "licence-number-taken" {
			err = s.Batches.FailRow(ctx, b.ID, numbers[i], "licence-number-taken")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// failRow gives up on a draft that can never be issued; what can be tried again later is
// an error for the whole run.
func (s *Service) failRow(ctx context.Context, b Batch, n int, cause error) error {
	failure := gateway.AsError(cause)
	if failure.Kind == gateway.Unavailable || failure.Kind == gateway.Internal {
		return cause
	}
	return s.Batches.FailRow(ctx, b.ID, n, failure.Code)
}

func (s *Service) changeOf(ctx context.Context, b Batch, row BatchRow) (Change, error) {
	plain, err := s.Keeper.Open(ctx, row.SubjectRef, keptClass, row.Sealed)
	if err != nil {
		return Change{}, unreadable(err)
	}
	var kept draftKept
	if err := json.Unmarshal(plain, &kept); err != nil {
		return Change{}, unreadable(err)
	}
	if kept.Holder, err = gateway.ParseIdentity(kept.IDType, kept.IDNumber); err != nil {
		return Change{}, unreadable(errors.New("the holder of a kept draft cannot be read"))
	}
	change, _, err := s.drafted(ctx, Officer{Ref: b.Actor, Department: b.Issuer}, kept.Draft, row.SubjectRef, []licence.Event{licence.EventRegistered, licence.EventIssued})
	return change, err
}

// commit issues what is ready; rows that somebody else has done meanwhile are theirs.
func (s *Service) commit(ctx context.Context, b Batch, numbers []int, ready []Change) error {
	if len(ready) == 0 {
		return nil
	}
	pending, err := s.Batches.IssueRows(ctx, b.ID, numbers, ready)
	if gateway.AsError(err).Code == "batch-row-done" {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.Log.Drain(ctx, pending[len(pending)-1])
	return err
}

// RunOpenBatches goes on with every batch that is not done, whoever opened it and
// wherever its node ended.
func (s *Service) RunOpenBatches(ctx context.Context) error {
	open, err := s.Batches.OpenBatches(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, b := range open {
		failed = errors.Join(failed, s.RunBatch(ctx, b))
	}
	return failed
}

// BatchOf is a batch of the officer's department.
func (s *Service) BatchOf(ctx context.Context, by Officer, id string) (Batch, error) {
	b, err := s.Batches.Batch(ctx, id)
	if err == nil && b.Issuer != by.Department {
		return Batch{}, gateway.Fail(gateway.NotFound, "batch-unknown", "There is no such batch, or it is not yours.")
	}
	return b, err
}
