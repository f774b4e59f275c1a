package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/mandates"
)

const mandateColumns = `
	select mandate_id, kind, principal, agent, matters, powers, from_at, until_at, minor, evidence, assertion, proposer, proposer_person, second,
		state, coalesce(ended_at, '0001-01-01'), ended_by
	from mandates `

func scanMandate(row pgx.CollectableRow) (mandates.Mandate, error) {
	var m mandates.Mandate
	err := row.Scan(&m.ID, &m.Kind, &m.Principal, &m.Agent, &m.Matters, &m.Powers, &m.From, &m.Until, &m.Minor, &m.Evidence, &m.Assertion,
		&m.Proposer.Ref, &m.Proposer.SubjectRef, &m.Second, &m.State, &m.EndedAt, &m.EndedBy)
	return m, err
}

func mandateUnknown() error {
	return gateway.Fail(gateway.NotFound, "mandate-unknown", "There is no such mandate in force.")
}

// InsertMandate is as [mandates.Store] has it.
func (db *DB) InsertMandate(ctx context.Context, m mandates.Mandate) (pending string, err error) {
	kind := ledger.Kind("mandate-given")
	if m.State == mandates.Proposed {
		kind = "mandate-proposed"
	}
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			insert into mandates (mandate_id, kind, principal, agent, matters, powers, from_at, until_at, minor, evidence, assertion, proposer, proposer_person, state)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			m.ID, m.Kind, m.Principal, m.Agent, m.Matters, m.Powers, m.From, m.Until, m.Minor, m.Evidence, m.Assertion, m.Proposer.Ref, m.Proposer.SubjectRef, m.State)
		if err != nil {
			return err
		}
		pending, err = pendMandate(ctx, tx, kind, m, m.Proposer.Ref, m.From)
		return err
	})
	return pending, err
}

// pendMandate leaves an entry with either side; the principal's is the one that comes back.
func pendMandate(ctx context.Context, tx pgx.Tx, kind ledger.Kind, m mandates.Mandate, actor string, at time.Time) (string, error) {
	powers := make([]string, len(m.Powers))
	for i, power := range m.Powers {
		powers[i] = string(power)
	}
	entry := func(side string) ledger.Entry {
		return ledger.Entry{Kind: kind, Ref: gateway.NewRef(), At: at, Fields: []ledger.Field{
			{Name: "mandate", Value: m.ID}, {Name: "mandate-kind", Value: string(m.Kind)}, {Name: "side", Value: side},
			{Name: "matters", Value: strings.Join(m.Matters, ",")}, {Name: "powers", Value: strings.Join(powers, ",")},
			{Name: "expires", Value: m.Until.UTC().Format(time.RFC3339)}, {Name: "evidence", Value: m.Evidence + m.Assertion}, {Name: "actor", Value: actor},
		}}
	}
	if _, err := pendEntry(ctx, tx, entry("agent"), m.Agent); err != nil {
		return "", err
	}
	return pendEntry(ctx, tx, entry("principal"), m.Principal)
}

// Mandate reads one; NotFound, mandate-unknown.
func (db *DB) Mandate(ctx context.Context, id string) (mandates.Mandate, error) {
	rows, err := db.pool.Query(ctx, mandateColumns+"where mandate_id = $1", id)
	if err != nil {
		return mandates.Mandate{}, explain(err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanMandate)
	return found, explain(orUnknown(err, mandateUnknown()))
}

// MandatesOf lists what a person gave and what they hold, the latest first.
func (db *DB) MandatesOf(ctx context.Context, subjectRef string) ([]mandates.Mandate, error) {
	return db.mandates(ctx, "where (principal = $1 or agent = $1) and state <> 'PROPOSED' order by from_at desc, mandate_id limit 200", subjectRef)
}

// ProposedMandates lists what waits for a second officer, the oldest first.
func (db *DB) ProposedMandates(ctx context.Context) ([]mandates.Mandate, error) {
	return db.mandates(ctx, "where state = 'PROPOSED' order by from_at, mandate_id limit 200")
}

func (db *DB) mandates(ctx context.Context, where string, args ...any) ([]mandates.Mandate, error) {
	rows, err := db.pool.Query(ctx, mandateColumns+where, args...)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, scanMandate)
	return found, explain(err)
}

// MandatesOver lists those that time has ended.
func (db *DB) MandatesOver(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := db.pool.Query(ctx, "select mandate_id from mandates where state <> 'ENDED' and until_at <= $1 order by until_at limit 500", now)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, explain(err)
}

// ConfirmMandate puts a proposed one in force; one that is not proposed any more is a
// Conflict, proposal-decided.
func (db *DB) ConfirmMandate(ctx context.Context, id string, by gateway.Account, at time.Time) (m mandates.Mandate, pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "update mandates set state = 'ACTIVE', second = $2 where mandate_id = $1 and state = 'PROPOSED' and until_at > $3", id, by.Ref, at)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return gateway.Fail(gateway.Conflict, "proposal-decided", "This was decided before, or its time is over.")
		}
		if m, err = readMandate(ctx, tx, id); err != nil {
			return err
		}
		pending, err = pendMandate(ctx, tx, "mandate-given", m, by.Ref, at)
		return err
	})
	return m, pending, err
}

func readMandate(ctx context.Context, tx pgx.Tx, id string) (mandates.Mandate, error) {
	rows, err := tx.Query(ctx, mandateColumns+"where mandate_id = $1", id)
	if err != nil {
		return mandates.Mandate{}, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanMandate)
	return found, orUnknown(err, mandateUnknown())
}

// EndMandate ends a mandate and invalidates what was granted under it, in one transaction:
// whoever grants under it at the same time finds it ended, or is found here.
func (db *DB) EndMandate(ctx context.Context, id, by string, at time.Time) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "update mandates set state = 'ENDED', ended_at = $2, ended_by = $3 where mandate_id = $1 and state <> 'ENDED'", id, at, by)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		m, err := readMandate(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := invalidateUnder(ctx, tx, m, at); err != nil {
			return err
		}
		pending, err = pendMandate(ctx, tx, "mandate-ended", m, by, at)
		return err
	})
	return pending, err
}

func invalidateUnder(ctx context.Context, tx pgx.Tx, m mandates.Mandate, at time.Time) error {
	rows, err := tx.Query(ctx, "select basis_id from mandate_bases where mandate_id = $1 order by basis_id", m.ID)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, id := range ids {
		_, last, err := readBasis(ctx, tx, id)
		if err != nil {
			return err
		}
		if last.state.Ended() {
			continue
		}
		if _, _, err := changeBasis(ctx, tx, basis.Change{ID: id, SubjectRef: m.Principal, Event: basis.EventInvalidated, Actor: "kapok", Reason: "mandate-ended", At: at}); err != nil {
			return err
		}
	}
	return nil
}

// underMandate notes that a basis was granted under a mandate, which has to be in force:
// its row stays locked until the grant is durable.
func underMandate(ctx context.Context, tx pgx.Tx, b basis.Basis, at time.Time) error {
	if b.Actor.MandateID == "" {
		return nil
	}
	var held bool
	err := tx.QueryRow(ctx, `select true from mandates where mandate_id = $1 and principal = $2 and agent = $3 and state = 'ACTIVE' and until_at > $4 for share`,
		b.Actor.MandateID, b.SubjectRef, b.Actor.Ref, at).Scan(&held)
	if err != nil {
		return orUnknown(err, mandateUnknown())
	}
	_, err = tx.Exec(ctx, "insert into mandate_bases (mandate_id, basis_id) values ($1, $2)", b.Actor.MandateID, b.ID)
	return err
}
