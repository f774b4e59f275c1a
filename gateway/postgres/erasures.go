package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/safe"
)

// eraseWithin is how long a recipient has to erase when a basis ends before its time
// (PIPL 47), and never longer than to the day that the basis names: one that ran its
// course is erased by that day.
const eraseWithin = 15 * 24 * time.Hour

// early are the states in which a basis ended before its time.
var early = []basis.State{basis.Withdrawn, basis.Revoked, basis.Invalidated}

// orderErasure tells the one recipient of a basis that has ended to erase, in the
// transaction that ends it. A basis that another supersedes hands its data on to that.
func orderErasure(ctx context.Context, tx pgx.Tx, b basis.Basis, ended basisEvent) error {
	if ended.state == basis.Superseded || ended.state == basis.Reviewed {
		return nil
	}
	due := b.EraseAt
	if soon := ended.at.Add(eraseWithin); slices.Contains(early, ended.state) && soon.Before(due) {
		due = soon
	}
	_, err := tx.Exec(ctx, `
		insert into erasure_orders (system_id, basis_id, subject_ref, ordered_at, due_at) values ($1, $2, $3, $4, $5) on conflict do nothing`,
		b.System, b.ID, b.SubjectRef, ended.at, due)
	return err
}

const orderColumns = `
	select system_id, basis_id, subject_ref, ordered_at, due_at, coalesce(escalated_at, '0001-01-01'), answer, law,
		coalesce(retain_until, '0001-01-01'), coalesce(answered_at, '0001-01-01')
	from erasure_orders `

func scanOrder(row pgx.CollectableRow) (safe.Erasure, error) {
	var e safe.Erasure
	err := row.Scan(&e.System, &e.BasisID, &e.SubjectRef, &e.OrderedAt, &e.Due, &e.EscalatedAt, &e.Answer, &e.Law, &e.RetainUntil, &e.AnsweredAt)
	return e, err
}

func (db *DB) orders(ctx context.Context, where string, args ...any) ([]safe.Erasure, error) {
	rows, err := db.pool.Query(ctx, orderColumns+where, args...)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, scanOrder)
	return found, explain(err)
}

// ErasuresFor lists what a system still has to erase, what is due first.
func (db *DB) ErasuresFor(ctx context.Context, system string, limit int) ([]safe.Erasure, error) {
	return db.orders(ctx, "where system_id = $1 and answer = '' order by due_at limit $2", system, limit)
}

// ErasuresOfBasis lists what recipients were told to erase of one basis.
func (db *DB) ErasuresOfBasis(ctx context.Context, id string) ([]safe.Erasure, error) {
	return db.orders(ctx, "where basis_id = $1", id)
}

// OverdueErasures lists what is not erased although it was due, the oldest first.
func (db *DB) OverdueErasures(ctx context.Context, now time.Time, limit int) ([]safe.Erasure, error) {
	return db.orders(ctx, "where answer = '' and due_at <= $1 order by due_at limit $2", now, limit)
}

// Attest writes down what a recipient signed about an erasure, once.
func (db *DB) Attest(ctx context.Context, a safe.Attestation) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		var subject, answer string
		err := tx.QueryRow(ctx, "select subject_ref, answer from erasure_orders where system_id = $1 and basis_id = $2 for update", a.System, a.BasisID).
			Scan(&subject, &answer)
		if err != nil {
			return orUnknown(err, basisUnknown())
		}
		if answer != "" {
			return gateway.Fail(gateway.Conflict, "erasure-attested", "The recipient has said already what became of the data.")
		}
		if _, err := tx.Exec(ctx, `
			update erasure_orders set answer = $3, law = $4, retain_until = $5, answered_at = $6, key_id = $7, signed_base = $8, signature = $9
			where system_id = $1 and basis_id = $2`,
			a.System, a.BasisID, a.Answer, a.Law, orNull(a.RetainUntil), a.At, a.KeyID, a.Base, a.Signature); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, ledger.Entry{Kind: "erasure-attested", Ref: gateway.NewRef(), At: a.At, Fields: []ledger.Field{
			{Name: "basis", Value: a.BasisID},
			{Name: "department", Value: a.Department},
			{Name: "system", Value: a.System},
			{Name: "answer", Value: string(a.Answer)},
			{Name: "provision", Value: a.Law},
		}}, subject)
		return err
	})
	return pending, err
}

// EscalateErasures writes each overdue erasure down once, where the bureau and the
// person see it, and returns the pending entries.
func (db *DB) EscalateErasures(ctx context.Context, now time.Time, limit int) (pending []string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pending = nil
		rows, err := tx.Query(ctx, `
			update erasure_orders set escalated_at = $1 where (system_id, basis_id) in (
				select system_id, basis_id from erasure_orders where answer = '' and due_at <= $1 and escalated_at is null
				order by due_at limit $2 for update skip locked)
			returning system_id, basis_id, subject_ref`, now, limit)
		if err != nil {
			return err
		}
		late, err := pgx.CollectRows(rows, pgx.RowToStructByPos[lateErasure])
		if err != nil {
			return err
		}
		for _, one := range late {
			id, err := pendEntry(ctx, tx, ledger.Entry{Kind: "erasure-overdue", Ref: gateway.NewRef(), At: now, Fields: []ledger.Field{
				{Name: "basis", Value: one.Basis}, {Name: "system", Value: one.System},
			}}, one.Subject)
			if err != nil {
				return err
			}
			pending = append(pending, id)
		}
		return nil
	})
	return pending, err
}

type lateErasure struct{ System, Basis, Subject string }

// endsAt keeps the moment at which a job ends what nobody ended before.
func endsAt(ctx context.Context, tx pgx.Tx, id string, at time.Time) error {
	_, err := tx.Exec(ctx, "insert into basis_ends (basis_id, ends_at) values ($1, $2) on conflict (basis_id) do update set ends_at = $2", id, at)
	return err
}

func ended(ctx context.Context, tx pgx.Tx, id string) error {
	_, err := tx.Exec(ctx, "delete from basis_ends where basis_id = $1", id)
	return err
}

// DueBases lists what should have ended by now: bases that expired, requests that lapsed.
func (db *DB) DueBases(ctx context.Context, now time.Time, limit int) ([]safe.Due, error) {
	rows, err := db.pool.Query(ctx, `
		select e.basis_id, coalesce(b.subject_ref, r.subject_ref, ''), b.basis_id is null
		from basis_ends e left join bases b on b.basis_id = e.basis_id left join basis_requests r on r.basis_id = e.basis_id
		where e.ends_at <= $1 order by e.ends_at limit $2`, now, limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[safe.Due])
	return found, explain(err)
}
