package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/safe"
)

// InsertRequest is as [safe.Requests] has it.
func (db *DB) InsertRequest(ctx context.Context, r safe.Request) (pending string, err error) {
	document, err := r.Draft.Canonical()
	if err != nil {
		return "", err
	}
	signature := r.Signature
	if signature == nil {
		signature = []byte{}
	}
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if err := openAsking(ctx, tx, r); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `
			insert into basis_requests (basis_id, subject_ref, kind, draft, asked_at, lapses_at, signed_base, signature, proposed_person)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
			r.Draft.ID, r.Draft.SubjectRef, r.Draft.Kind, document, r.AskedAt, r.Lapses, r.Base, signature, r.Proposer.SubjectRef)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return gateway.Fail(gateway.Conflict, "nonce-replayed", "This nonce was used before; sign the request anew.")
		}
		actor := r.Draft.Actor.Ref
		if actor == "" {
			actor = r.Draft.System
		}
		asked := basisEvent{seq: 1, event: basis.EventRequested, state: basis.Requested, at: r.AskedAt, actor: actor, ref: gateway.NewRef()}
		if err := addEvent(ctx, tx, r.Draft.ID, asked); err != nil {
			return err
		}
		if err := endsAt(ctx, tx, r.Draft.ID, r.Lapses); err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, basisEntry(r.Draft, asked), r.Draft.SubjectRef)
		return err
	})
	return pending, err
}

// openAsking lets one request at a time through, and none while the person is to be
// left in peace. One that was never answered gives way to the next.
func openAsking(ctx context.Context, tx pgx.Tx, r safe.Request) error {
	if r.Draft.Kind == basis.Emergency {
		return nil
	}
	d := r.Draft
	done, err := tx.Exec(ctx, `
		insert into basis_askings as held (subject_ref, department, item, purpose, open) values ($1, $2, $3, $4, $5)
		on conflict (subject_ref, department, item, purpose) do update set open = $5
		where held.quiet_until <= $6 and (held.open = '' or held.open = $5 or exists (
			select from basis_requests r where r.basis_id = held.open and r.lapses_at <= $6))`,
		d.SubjectRef, d.Department, d.Item, d.Purpose, d.ID, r.AskedAt)
	if err != nil || done.RowsAffected() == 1 {
		return err
	}
	var quiet time.Time
	if err := tx.QueryRow(ctx, `
		select greatest(quiet_until, '0001-01-01') from basis_askings where subject_ref = $1 and department = $2 and item = $3 and purpose = $4`,
		d.SubjectRef, d.Department, d.Item, d.Purpose).Scan(&quiet); err != nil {
		return err
	}
	if quiet.After(r.AskedAt) {
		failure := gateway.Fail(gateway.Conflict, "consent-cooldown", "The person refused this; for a while they are not asked again.")
		failure.RetryAfter = quiet.Sub(r.AskedAt)
		return failure
	}
	return gateway.Fail(gateway.Conflict, "consent-open", "The same was asked before and waits for the person's answer.")
}

const requestColumns = `
	select draft, asked_at, lapses_at, signed_base, signature, proposed_person,
		(select state from basis_events e where e.basis_id = r.basis_id order by seq desc limit 1)
	from basis_requests r `

func scanRequest(row pgx.CollectableRow) (safe.Request, error) {
	var r safe.Request
	var draft []byte
	if err := row.Scan(&draft, &r.AskedAt, &r.Lapses, &r.Base, &r.Signature, &r.Proposer.SubjectRef, &r.State); err != nil {
		return safe.Request{}, err
	}
	var err error
	r.Draft, err = basis.Read(draft)
	r.Proposer.Ref = r.Draft.Actor.Ref
	return r, err
}

// Request reads one; NotFound, basis-unknown.
func (db *DB) Request(ctx context.Context, id string) (safe.Request, error) {
	rows, err := db.pool.Query(ctx, requestColumns+"where basis_id = $1", id)
	if err != nil {
		return safe.Request{}, explain(err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanRequest)
	return found, explain(orUnknown(err, basisUnknown()))
}

// RequestsOf lists what waits for a person's answer, newest first.
func (db *DB) RequestsOf(ctx context.Context, subjectRef string, kinds []basis.Kind) ([]safe.Request, error) {
	rows, err := db.pool.Query(ctx, requestColumns+`
		where subject_ref = $1 and kind = any($2)
			and (select state from basis_events e where e.basis_id = r.basis_id order by seq desc limit 1) in ('REQUESTED', 'DEFERRED')
		order by asked_at desc limit 200`, subjectRef, kinds)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, scanRequest)
	return found, explain(err)
}

// Answer is as [safe.Requests] has it. Of two answers at once the second finds the first.
func (db *DB) Answer(ctx context.Context, a safe.Answer) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pending, err = answer(ctx, tx, a)
		return err
	})
	return pending, err
}

func answer(ctx context.Context, tx pgx.Tx, a safe.Answer) (pending string, err error) {
	draft, last, err := readRequest(ctx, tx, a.Change.ID)
	if err != nil {
		return "", err
	}
	if draft.SubjectRef != a.Change.SubjectRef {
		return "", basisUnknown()
	}
	next, err := draft.Kind.After(last.state, a.Change.Event)
	if err != nil {
		return "", err
	}
	event := basisEvent{
		seq: last.seq + 1, event: a.Change.Event, state: next, at: a.Change.At, actor: a.Change.Actor, reason: a.Change.Reason, ref: gateway.NewRef(),
	}
	if err := closeAsking(ctx, tx, draft, a, next); err != nil {
		return "", err
	}
	if a.Signed == nil {
		if err := addEvent(ctx, tx, draft.ID, event); err != nil {
			return "", err
		}
		if next.Ended() {
			if err := ended(ctx, tx, draft.ID); err != nil {
				return "", err
			}
		}
		return pendEntry(ctx, tx, basisEntry(draft, event), draft.SubjectRef)
	}
	if err := keepNotice(ctx, tx, a.Notice); err != nil {
		return "", err
	}
	granted, err := basis.Parse(a.Signed.Document)
	if err != nil {
		return "", err
	}
	return beginBasis(ctx, tx, granted, *a.Signed, event)
}

func closeAsking(ctx context.Context, tx pgx.Tx, draft basis.Basis, a safe.Answer, next basis.State) error {
	if next == basis.Deferred || draft.Kind == basis.Emergency {
		return nil
	}
	_, err := tx.Exec(ctx, `
		update basis_askings set open = case when open = $5 then '' else open end, quiet_until = greatest(quiet_until, coalesce($6::timestamptz, '-infinity'))
		where subject_ref = $1 and department = $2 and item = $3 and purpose = $4`,
		draft.SubjectRef, draft.Department, draft.Item, draft.Purpose, draft.ID, orNull(a.QuietUntil))
	return err
}

func readRequest(ctx context.Context, tx pgx.Tx, id string) (basis.Basis, basisEvent, error) {
	var document []byte
	var last basisEvent
	err := tx.QueryRow(ctx, `
		select draft, seq, event, state, at, actor
		from basis_requests join basis_events using (basis_id)
		where basis_id = $1 order by seq desc limit 1`, id).
		Scan(&document, &last.seq, &last.event, &last.state, &last.at, &last.actor)
	if err != nil {
		return basis.Basis{}, basisEvent{}, orUnknown(err, basisUnknown())
	}
	b, err := basis.Read(document)
	return b, last, err
}

// KeepNotice stores a notice that is shown; the same text once.
func (db *DB) KeepNotice(ctx context.Context, n safe.Notice) error {
	return db.inTx(ctx, func(tx pgx.Tx) error { return keepNotice(ctx, tx, n) })
}

func keepNotice(ctx context.Context, tx pgx.Tx, n safe.Notice) error {
	if n.SM3 == "" {
		return nil
	}
	_, err := tx.Exec(ctx, "insert into notices (sm3, id, version, language, text) values ($1, $2, $3, $4, $5) on conflict do nothing",
		n.SM3, n.ID, n.Version, n.Language, n.Text)
	return err
}

// NoticeShown finds a notice by the SM3 of its text; the zero one where it is not kept.
func (db *DB) NoticeShown(ctx context.Context, sm3 string) (safe.Notice, error) {
	var n safe.Notice
	err := db.pool.QueryRow(ctx, "select sm3, id, version, language, text from notices where sm3 = $1", sm3).
		Scan(&n.SM3, &n.ID, &n.Version, &n.Language, &n.Text)
	if noRows(err) {
		return safe.Notice{}, nil
	}
	return n, explain(err)
}

// EventsOfBasis lists what befell a basis, the first first.
func (db *DB) EventsOfBasis(ctx context.Context, id string) ([]basis.Happened, error) {
	rows, err := db.pool.Query(ctx, "select seq, event, state, at, actor, reason, ref from basis_events where basis_id = $1 order by seq", id)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[basis.Happened])
	return found, explain(err)
}
