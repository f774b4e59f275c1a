package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// AuditOptions say what an audit trusts: pinned roots, and checkpoints that were kept
// outside the database.
type AuditOptions struct {
	Bundle   Bundle
	Verifier *sm.Verifier
	Anchors  []string // signed notes, of any logs, in any order
	Most     int      // findings kept; 0: 1000
	Messages MessageAudit
}

// AuditReport is what an audit found.
type AuditReport struct {
	Logs, Entries, Checkpoints, Anchored uint64
	Messages                             uint64 // kept beside entries
	Unreadable                           uint64 // of them: their keys were destroyed
	Altered                              []Altered
	More                                 uint64 // findings beyond those kept
}

// OK reports whether everything is as it was sealed.
func (r AuditReport) OK() bool { return len(r.Altered) == 0 }

// Audit computes everything again from the stored entries: leaves, tiles, roots; and
// compares it with the stored tiles, the signed checkpoints, the anchors, the
// openings and the citizens' index. A tail that was cut off, or a log that was
// written anew by whoever holds a key, shows in the anchors alone. It fails when the
// source does, or the bundle or an anchor cannot be read.
func Audit(ctx context.Context, source AuditSource, options AuditOptions) (AuditReport, error) {
	a := &audit{source: source, options: options}
	if a.options.Most == 0 {
		a.options.Most = 1000
	}
	var err error
	if a.roots, err = options.Bundle.roots(); err != nil {
		return AuditReport{}, err
	}
	if err := a.readAnchors(); err != nil {
		return AuditReport{}, err
	}
	if a.erased, err = source.Erased(ctx); err != nil {
		return AuditReport{}, err
	}
	strays, err := source.Strays(ctx)
	if err != nil {
		return AuditReport{}, err
	}
	for _, one := range strays {
		a.found(one.Origin, one.Where, "%s", one.What)
	}
	return a.report, a.logs(ctx)
}

type audit struct {
	source  AuditSource
	options AuditOptions
	roots   []*pki.Certificate
	erased  func(subject string) bool
	anchors map[string][]Checkpoint // by origin, ascending by size
	report  AuditReport
}

func (a *audit) found(origin, where, what string, args ...any) {
	if len(a.report.Altered) == a.options.Most {
		a.report.More++
		return
	}
	a.report.Altered = append(a.report.Altered, Altered{origin, where, fmt.Sprintf(what, args...)})
}

func (a *audit) readAnchors() error {
	a.anchors = map[string][]Checkpoint{}
	for i, signed := range a.options.Anchors {
		head, err := ParseCheckpoint(signed)
		if err != nil {
			return fmt.Errorf("ledger: anchor %d: %w", i+1, err)
		}
		a.anchors[head.Origin] = append(a.anchors[head.Origin], head)
	}
	for _, heads := range a.anchors {
		slices.SortStableFunc(heads, func(a, b Checkpoint) int { return int(int64(a.Size) - int64(b.Size)) })
	}
	return nil
}

func (a *audit) logs(ctx context.Context) error {
	origins, err := a.source.Origins(ctx)
	if err != nil {
		return err
	}
	for _, origin := range origins {
		if err := a.log(ctx, origin); err != nil {
			return fmt.Errorf("ledger: audit of %s: %w", origin.Origin, err)
		}
		delete(a.anchors, origin.Origin)
		a.report.Logs++
	}
	for origin, heads := range a.anchors {
		a.found(origin, "the whole log", "it was anchored with %d entries and is gone", heads[len(heads)-1].Size)
	}
	return nil
}

// puller reads one stream of a source beside others.
type puller[T any] struct {
	pull func() (T, error, bool)
	stop func()

	now  T
	here bool
	err  error
}

func newPuller[T any](from iter.Seq2[T, error]) *puller[T] {
	pull, stop := iter.Pull2(from)
	p := &puller[T]{pull: pull, stop: stop}
	p.next()
	return p
}

func (p *puller[T]) next() {
	if p.err != nil {
		return
	}
	p.now, p.err, p.here = p.pull()
	p.here = p.here && p.err == nil
}
