package batch

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

const (
	lookEvery   = 300 * time.Millisecond // for a batch that nobody works on
	chunk       = 64                     // people between two commits of the batch's own
	atOnce      = 16                     // uses side by side; they share the ledger's commits
	maxAttempts = 6
	firstPause  = 500 * time.Millisecond // before the second attempt; doubled each time
)

// Run works on batches, one at a time on this node, until ctx ends. What a node leaves
// behind, another takes up: a person whose result was kept is not asked about again.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		worked, err := s.next(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "a batch could not be worked on; tried again soon", "error", err)
		}
		if worked && err == nil {
			continue
		}
		wait(ctx, lookEvery)
	}
}

func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// next takes one batch and works until nobody in it waits.
func (s *Service) next(ctx context.Context) (worked bool, err error) {
	id, err := s.Store.Take(ctx, s.Node, s.Now(), s.Now().Add(s.Lease))
	if err != nil || id == "" {
		return false, err
	}
	j := &job{Service: s}
	if j.batch, err = s.Store.Batch(ctx, id); err != nil {
		return true, err
	}
	if j.key, err = s.key(ctx, id); err != nil {
		return true, err
	}
	defer j.key.Forget()
	if err := j.key.OpenJSON(j.batch.Order, place(id, "order", 0), &j.placed); err != nil {
		return true, err
	}
	return true, j.work(ctx)
}

// job is a batch under way on this node.
type job struct {
	*Service
	batch  Batch
	key    *keys.PersonKey
	placed placed
}

func (j *job) work(ctx context.Context) error {
	for ctx.Err() == nil {
		due, more, err := j.Store.Waiting(ctx, j.batch.ID, j.Now(), chunk)
		if err != nil {
			return err
		}
		if len(due) == 0 && !more {
			return j.finish(ctx)
		}
		if len(due) == 0 {
			wait(ctx, lookEvery)
		}
		handed := j.answerAll(ctx, due)
		err = j.Store.Keep(context.WithoutCancel(ctx), j.batch.ID, j.Node, j.Now().Add(j.Lease), due)
		for _, tell := range handed {
			tell(err)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (j *job) finish(ctx context.Context) error {
	pending, err := j.Store.Finish(ctx, j.batch.ID, entryOf("batch-done", j.batch, j.Now()))
	if err != nil || pending == "" {
		return err
	}
	_, err = j.Ledger.Drain(ctx, pending)
	return err
}

// answerAll asks about a chunk of people, some side by side. What it returns is told
// whether the results were kept.
func (j *job) answerAll(ctx context.Context, due []Member) (handed []func(error)) {
	var group sync.WaitGroup
	var mu sync.Mutex
	free := make(chan struct{}, atOnce)
	for i := range due {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			made := j.answer(ctx, &due[i])
			mu.Lock()
			defer mu.Unlock()
			for _, one := range made {
				handed = append(handed, one.Handed)
			}
		})
	}
	group.Wait()
	return handed
}

// answer asks about one person and fills in what became of it.
func (j *job) answer(ctx context.Context, m *Member) []exchange.Made {
	var about person
	if err := j.key.OpenJSON(m.Asked, place(j.batch.ID, "asked", m.Position), &about); err != nil {
		j.fail(m, nil, gateway.Fail(gateway.Internal, "internal", "The question about this person could not be read.").Because(err))
		return nil
	}
	var made []exchange.Made
	var refs []string
	for n := range j.placed.Order.Questions {
		one, err := j.Path.Make(ctx, exchange.Due{
			Order: j.placed.Command, Key: strconv.Itoa(m.Position) + "/" + strconv.Itoa(n), Ask: j.placed.Order.ask(about, n),
		})
		refs = append(refs, one.Ref)
		if err != nil {
			j.fail(m, refs, gateway.AsError(err))
			return made
		}
		made = append(made, one)
	}
	j.succeed(m, made, refs)
	return made
}

func (j *job) succeed(m *Member, made []exchange.Made, refs []string) {
	body, err := answers[j.batch.Kind](m.Position, made)
	if err != nil {
		j.fail(m, refs, gateway.AsError(err))
		return
	}
	var stops []ledger.Stop
	for _, one := range made {
		stops = append(stops, one.Stops...)
	}
	j.keep(m, MemberReleased, "", result{Body: body, Refs: refs, Subject: made[0].Subject, Stops: stops})
}

// fail notes a refusal, or that the question is to be put again where a later try may
// get an answer.
func (j *job) fail(m *Member, refs []string, failure *gateway.Error) {
	m.Attempts++
	if passing(failure) && m.Attempts < maxAttempts {
		m.Due = j.Now().Add(max(failure.RetryAfter, firstPause<<(m.Attempts-1)))
		return
	}
	body, err := json.Marshal(refused{Position: m.Position, Problem: problemOf(failure, refs)})
	if err != nil { // cannot happen: texts only
		return
	}
	j.keep(m, MemberRefused, failure.Code, result{Body: body, Refs: refs})
}

// passing reports that the next try may succeed. A day's quota is not worth waiting for.
func passing(failure *gateway.Error) bool {
	switch failure.Kind {
	case gateway.Unavailable, gateway.SourceFailed, gateway.SourceTimeout:
		return failure.Code != "source-wrong" && failure.Code != "source-refused"
	case gateway.TooMany:
		return failure.Code == "rate-exceeded"
	default:
		return false
	}
}

func (j *job) keep(m *Member, state MemberState, code string, r result) {
	sealed, err := j.key.SealJSON(r, place(j.batch.ID, "result", m.Position))
	if err != nil {
		m.Due = j.Now().Add(firstPause)
		return
	}
	m.State, m.Code, m.Result = state, code, sealed
}
