package publishing

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/editions"
	"kapok/gateway/exchange"
	"kapok/gateway/replay"
)

// Replay is a changed set of policies and what it would have decided otherwise.
type Replay struct {
	ID           string
	Content      []byte // the set's files; see [editions.Pack]
	Digest       string // of the set
	Based        int64  // the edition of the policies compared with
	Since        time.Time
	RequestedBy  string
	RequestedAt  time.Time
	State        ReplayState
	Report       string // a [replay.Report] as JSON; "" until it is done
	ReportDigest string
}

// ReplayState is how far a replay is.
type ReplayState string

// The states of a replay.
const (
	ReplayWaiting ReplayState = "waiting"
	ReplayDone    ReplayState = "done"
	ReplayFailed  ReplayState = "failed"
)

// maxReplayDays bounds how far back a replay goes.
const maxReplayDays = 3660

// StartReplay checks a set and has it replayed by a job.
func (s *Service) StartReplay(ctx context.Context, by Person, files map[string][]byte, days int) (Replay, error) {
	if !slices.Contains(by.Roles, string(catalog.Bureau)) {
		return Replay{}, gateway.Fail(gateway.Forbidden, "role-missing", "Only the bureau replays policies.")
	}
	if days < 1 || days > maxReplayDays {
		return Replay{}, gateway.Fail(gateway.Invalid, "field-invalid", "It goes 1 to 3660 days back.")
	}
	content, err := editions.Pack(files)
	if err != nil {
		return Replay{}, gateway.Fail(gateway.Invalid, "policies-invalid", "A file holds a line that an edition cannot keep.").Because(err)
	}
	live, numbers, err := s.live(ctx)
	if err != nil {
		return Replay{}, err
	}
	if err := s.take(&live, editions.Policies, content); err != nil {
		return Replay{}, policiesInvalid(err)
	}
	if err := s.sound(live); err != nil {
		return Replay{}, err
	}
	now := s.Now()
	r := Replay{
		ID: gateway.NewRef(), Content: content, Digest: live.Policies.Digest(), Based: numbers[editions.Policies],
		Since: now.AddDate(0, 0, -days), RequestedBy: by.Ref, RequestedAt: now, State: ReplayWaiting,
	}
	return r, s.Replays.BeginReplay(ctx, r)
}

// policiesInvalid passes on what is wrong with a set: file, line and rule of what the
// same person has just sent.
func policiesInvalid(err error) error {
	return gateway.Fail(gateway.Invalid, "policies-invalid", "The set does not load: "+quoted.ReplaceAllString(err.Error(), "…")).Because(err)
}

// RunReplay works on a replay. One that was done or that cannot be done is left.
func (s *Service) RunReplay(ctx context.Context, id string) error {
	r, err := s.Replays.Replay(ctx, id)
	if err != nil || r.State != ReplayWaiting {
		return err
	}
	report, err := s.replay(ctx, r)
	if err != nil {
		if ctx.Err() != nil {
			return err // this node is ending; another one tries
		}
		return errors.Join(err, s.Replays.EndReplay(ctx, id, ReplayFailed, "", "", s.Now()))
	}
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	return s.Replays.EndReplay(ctx, id, ReplayDone, string(text), report.Digest(), s.Now())
}

func (s *Service) replay(ctx context.Context, r Replay) (replay.Report, error) {
	based, err := s.Store.Edition(ctx, editions.Policies, r.Based)
	if err != nil {
		return replay.Report{}, err
	}
	var before, after exchange.Live
	if err := s.take(&before, editions.Policies, based.Content); err != nil {
		return replay.Report{}, err
	}
	if err := s.take(&after, editions.Policies, r.Content); err != nil {
		return replay.Report{}, err
	}
	return replay.Run(ctx, s.Notes, before.Policies, after.Policies, r.Since, s.Now())
}
