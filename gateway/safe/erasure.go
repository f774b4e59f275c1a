package safe

import (
	"context"
	"errors"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
)

// ErasureAnswer is what a recipient signs about data whose basis has ended.
type ErasureAnswer string

// The answers; "" is none yet.
const (
	Deleted       ErasureAnswer = "DELETED"
	Anonymised    ErasureAnswer = "ANONYMISED"
	RetainedByLaw ErasureAnswer = "RETAINED_BY_LAW"
)

// Erasure is what a recipient was told to erase when a basis ended: the STOP.
type Erasure struct {
	System, BasisID, SubjectRef string
	OrderedAt, Due              time.Time
	EscalatedAt                 time.Time // zero: it is not, or not yet, overdue
	Answer                      ErasureAnswer
	Law                         string    // by which it is retained
	RetainUntil, AnsweredAt     time.Time // zero: not said
}

// Attestation is a recipient's signed answer.
type Attestation struct {
	System, Department, KeyID, BasisID string
	Answer                             ErasureAnswer
	Law                                string
	RetainUntil, At                    time.Time
	Base                               string // what was signed (RFC 9421 §2.5)
	Signature                          []byte
}

// Erasures keeps orders to erase and what became of them.
type Erasures interface {
	ErasuresFor(ctx context.Context, system string, limit int) ([]Erasure, error)
	ErasuresOfBasis(ctx context.Context, id string) ([]Erasure, error)
	OverdueErasures(ctx context.Context, now time.Time, limit int) ([]Erasure, error)
	Attest(ctx context.Context, a Attestation) (pending string, err error)
	EscalateErasures(ctx context.Context, now time.Time, limit int) (pending []string, err error)
}

const ordersAtOnce = 200

// ToErase lists what a system still has to erase.
func (s *Service) ToErase(ctx context.Context, system string) ([]Erasure, error) {
	return s.Erasures.ErasuresFor(ctx, system, ordersAtOnce)
}

// Overdue lists, for the bureau, what recipients have not erased in time.
func (s *Service) Overdue(ctx context.Context) ([]Erasure, error) {
	return s.Erasures.OverdueErasures(ctx, s.Now(), ordersAtOnce)
}

// Attest takes a recipient's signed answer. What is retained names the provision of the
// maintained list and an end.
func (s *Service) Attest(ctx context.Context, a Attestation) error {
	a.At = s.Now()
	known := false
	if provision, listed := s.Catalog().Provision(a.Law); listed {
		for _, department := range provision.Departments {
			known = known || department == a.Department
		}
	}
	for _, rule := range []struct {
		field, says string
		holds       bool
	}{
		{"/answer", "answer is DELETED, ANONYMISED or RETAINED_BY_LAW.", a.Answer == Deleted || a.Answer == Anonymised || a.Answer == RetainedByLaw},
		{"/legal_provision", "legal_provision goes with RETAINED_BY_LAW: a provision of the maintained list that empowers the department.", (a.Answer == RetainedByLaw) == known && (known || a.Law == "")},
		{"/until", "until goes with RETAINED_BY_LAW, and lies in the future.", (a.Answer == RetainedByLaw) == a.RetainUntil.After(a.At) && (a.Answer == RetainedByLaw || a.RetainUntil.IsZero())},
	} {
		if !rule.holds {
			return unknown(rule.field, rule.says)
		}
	}
	pending, err := s.Erasures.Attest(ctx, a)
	if err != nil {
		return err
	}
	_, err = s.Log.Drain(ctx, pending)
	return err
}

// Due is what should have ended.
type Due struct {
	ID, SubjectRef string
	Request        bool // it was never answered
}

// Deadlines finds what time has ended.
type Deadlines interface {
	DueBases(ctx context.Context, now time.Time, limit int) ([]Due, error)
	SettleBasisUses(ctx context.Context, before time.Time) (exhausted []basis.Basis, err error)
}

// settleAfter is how long a counted use may be on its way before the ledger is asked
// what became of it: longer than any source takes and any node lies dead.
const settleAfter = 15 * time.Minute

// Sweep ends what time has ended: bases that expired or are used up, requests that
// nobody answered; and it escalates erasures that are overdue. Each leaves its entry,
// and so its receipt. Several nodes may sweep at once.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.Now()
	due, err := s.Deadlines.DueBases(ctx, now, ordersAtOnce)
	if err != nil {
		return err
	}
	var failed error
	for _, one := range due {
		failed = errors.Join(failed, unlessEnded(s.end(ctx, one, now)))
	}
	exhausted, err := s.Deadlines.SettleBasisUses(ctx, now.Add(-settleAfter))
	failed = errors.Join(failed, err)
	for _, b := range exhausted {
		_, err := s.change(ctx, basis.Change{ID: b.ID, SubjectRef: b.SubjectRef, Event: basis.EventExhausted, Actor: "kapok", At: now})
		failed = errors.Join(failed, unlessEnded(err))
	}
	pending, err := s.Erasures.EscalateErasures(ctx, now, ordersAtOnce)
	failed = errors.Join(failed, err)
	for _, id := range pending {
		_, err := s.Log.Drain(ctx, id)
		failed = errors.Join(failed, err)
	}
	return failed
}

func (s *Service) end(ctx context.Context, one Due, now time.Time) error {
	change := basis.Change{ID: one.ID, SubjectRef: one.SubjectRef, Event: basis.EventExpired, Actor: "kapok", At: now}
	if one.Request {
		change.Event = basis.EventLapsed
		return s.answer(ctx, Answer{Change: change})
	}
	_, err := s.change(ctx, change)
	return err
}

// unlessEnded takes what another node or the person ended first for done.
func unlessEnded(err error) error {
	if err != nil && gateway.AsError(err).Code == "basis-state" {
		return nil
	}
	return err
}
