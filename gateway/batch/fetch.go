package batch

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
)

const (
	pageSize = 200 // results of one fetch
	maxStops = 60  // that one entry rests on; the ledger takes 64
)

// page is what one fetch gets.
type page struct {
	shown
	Results []json.RawMessage `json:"results"`
	More    bool              `json:"more"` // further results are there, or will be
}

// Results hands out the results that are there, each once: GET /v1/batches/{id}/results.
// They are forgotten when their bytes have left; where the connection broke, they can be
// fetched again.
func (s *Service) Results(ctx context.Context, call exchange.Call, id string) (exchange.Release, error) {
	return s.Path.Command(ctx, call, door, func(ctx context.Context, c exchange.Command) (exchange.Done, error) {
		b, err := s.own(ctx, c, id)
		if err != nil {
			return exchange.Done{}, err
		}
		members, err := s.Store.Unfetched(ctx, id, pageSize)
		if err != nil {
			return exchange.Done{}, err
		}
		results, err := s.open(ctx, b, members)
		if err != nil {
			return exchange.Done{}, destroyed(err)
		}
		if err := s.release(ctx, c, b, members, results); err != nil {
			return exchange.Done{}, err
		}
		answer := page{shown: shownOf(b), Results: make([]json.RawMessage, len(results))}
		for i, one := range results {
			answer.Results[i] = one.Body
		}
		left := b.Counts.Subjects - b.Counts.Fetched - len(results)
		answer.More = left > 0
		return exchange.Done{Answer: answer, Handed: s.forget(ctx, id, members)}, nil
	})
}

func (s *Service) open(ctx context.Context, b Batch, members []Member) ([]result, error) {
	key, err := s.key(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	defer key.Forget()
	results := make([]result, len(members))
	for i, m := range members {
		if err := key.OpenJSON(m.Result, place(b.ID, "result", m.Position), &results[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// release records that results are about to leave, in entries that rest on all that the
// results rest on: what was stopped since is withheld, and the entry says of how many.
func (s *Service) release(ctx context.Context, c exchange.Command, b Batch, members []Member, results []result) error {
	stopped := map[ledger.Stop]bool{}
	for group := range slices.Chunk(restsOn(b.ID, results), maxStops) {
		sealed, err := s.Ledger.Append(ctx, ledger.Append{Stops: group, Entry: func(found ledger.Found) ledger.Entry {
			return entryOf("batch-fetched", b, s.Now(),
				ledger.Field{Name: "command", Value: c.ID},
				ledger.Field{Name: "results", Value: strconv.Itoa(len(results))},
				ledger.Field{Name: "stopped", Value: strconv.Itoa(len(found.Stopped))})
		}})
		if err != nil {
			return err
		}
		for _, stop := range sealed.Found.Stopped {
			stopped[stop] = true
		}
	}
	for i := range results {
		if slices.ContainsFunc(results[i].Stops, func(stop ledger.Stop) bool { return stopped[stop] }) {
			if err := s.withhold(ctx, &results[i], members[i].Position); err != nil {
				return err
			}
		}
	}
	return nil
}

// restsOn lists each thing once, the batch itself first.
func restsOn(id string, results []result) []ledger.Stop {
	stops := []ledger.Stop{{Kind: "batch", ID: id}}
	seen := map[ledger.Stop]bool{}
	for _, one := range results {
		for _, stop := range one.Stops {
			if !seen[stop] {
				seen[stop] = true
				stops = append(stops, stop)
			}
		}
	}
	return stops
}

// withhold puts the refusal in the place of a result that may not leave any more, and
// corrects what the person's entries say of it.
func (s *Service) withhold(ctx context.Context, r *result, position int) (err error) {
	for _, ref := range r.Refs {
		intent := ledger.Entry{Kind: ledger.IntentKind, Ref: ref}
		if _, err := s.Ledger.Append(ctx, ledger.Append{Subject: r.Subject, Entry: func(ledger.Found) ledger.Entry {
			return closing.Entry(intent, closing.NotReleased, "basis-ended", s.Node, s.Now())
		}}); err != nil {
			return err
		}
	}
	r.Body, err = json.Marshal(refused{position, problemOf(gateway.Fail(gateway.Forbidden, "basis-ended",
		"What the result rests on was withdrawn, ended or stopped before the result was fetched; it is withheld."), r.Refs)})
	return err
}

// forget returns what is told whether the bytes have left.
func (s *Service) forget(ctx context.Context, id string, members []Member) func(error) {
	positions := make([]int, len(members))
	for i, m := range members {
		positions[i] = m.Position
	}
	ctx = context.WithoutCancel(ctx)
	return func(failure error) {
		if failure != nil || len(positions) == 0 {
			return
		}
		if err := s.Store.Fetched(ctx, id, positions, s.Now()); err != nil {
			s.Log.WarnContext(ctx, "results that were fetched could not be forgotten; they expire", "batch", id, "error", err)
		}
	}
}
