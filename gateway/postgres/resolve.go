package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/exchange"
)

// Resolve finds whom an exchange is about and the access basis it names: one round
// trip, shared with whoever asks at the same time. An identity never seen is given a
// reference; a basis that does not exist is not an error.
func (p *People) Resolve(ctx context.Context, subject gateway.Identity, basisID string) (exchange.Resolved, error) {
	if subject.IsZero() {
		return p.resolveByBasis(ctx, basisID)
	}
	found, err := p.db.resolving.get(ctx, question{tokens: p.tokens(subject), basisID: basisID, persons: p.persons})
	if err != nil {
		return exchange.Resolved{}, err
	}
	resolved := exchange.Resolved{SubjectRef: found.subjectRef}
	if found.basis == nil {
		return resolved, nil
	}
	resolved.Basis, err = basis.Read(found.basis.document)
	if err != nil {
		return exchange.Resolved{}, err
	}
	resolved.State, resolved.Found, resolved.BasisDocument = found.basis.state, true, found.basis.document
	return resolved, nil
}

// resolveByBasis finds whom a basis is about. One about anybody names nobody, and is as
// if there were none.
func (p *People) resolveByBasis(ctx context.Context, basisID string) (exchange.Resolved, error) {
	held, signed, err := p.db.Basis(ctx, basisID)
	if failure, known := errors.AsType[*gateway.Error](err); known && failure.Kind == gateway.NotFound {
		return exchange.Resolved{}, nil
	}
	if err != nil || held.Basis.SubjectRef == "" {
		return exchange.Resolved{}, err
	}
	return exchange.Resolved{
		SubjectRef: held.Basis.SubjectRef, Basis: held.Basis, State: held.State, Found: true, BasisDocument: signed.Document,
	}, nil
}

// question is what one exchange wants to know.
type question struct {
	tokens  []keys.Token // newest first, at least one
	basisID string       // "": none
	persons *keys.Persons
}

// resolved is the answer.
type resolved struct {
	subjectRef string
	basis      *storedBasis // nil: there is none of that id
}

// storedBasis is what the hot path reads of a basis. Its signature stays where it
// is: it was checked when the row was written, and auditors check it again.
type storedBasis struct {
	document []byte
	state    basis.State
}

// resolveAll answers many questions in one round trip: two statements, each of one
// table's own keys, sent together.
func (db *DB) resolveAll(ctx context.Context, questions []question) ([]resolved, error) {
	subjects, bases := map[token]string{}, map[string]*storedBasis{}
	batch := &pgx.Batch{}
	subjectsByToken(batch, questions, subjects)
	if ids := allBases(questions); len(ids) > 0 {
		basesByID(batch, ids, bases)
	}
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	fresh := newcomers(questions, subjects)
	if err := db.makeSubjects(ctx, questions, subjects); err != nil {
		return nil, err
	}
	if err := db.makeRecordKeys(ctx, fresh, subjects); err != nil {
		return nil, err
	}
	answers := make([]resolved, len(questions))
	for i, q := range questions {
		answers[i] = resolved{subjectRef: refOf(q.tokens, subjects), basis: bases[q.basisID]}
	}
	return answers, nil
}

func basesByID(batch *pgx.Batch, ids []string, into map[string]*storedBasis) {
	batch.Queue(`
		select basis_id, document, last.state
		from bases
		cross join lateral (
			select state from basis_events where basis_events.basis_id = bases.basis_id order by seq desc limit 1
		) as last
		where basis_id = any($1)`, ids).
		Query(func(rows pgx.Rows) error {
			var id string
			var found storedBasis
			_, err := pgx.ForEachRow(rows, []any{&id, &found.document, &found.state}, func() error {
				copied := found
				into[id] = &copied
				return nil
			})
			return err
		})
}

func allBases(questions []question) []string {
	var ids []string
	for _, q := range questions {
		if q.basisID != "" {
			ids = append(ids, q.basisID)
		}
	}
	return ids
}
