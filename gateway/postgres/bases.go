package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
)

// InsertBasis puts a signed basis in force: the artefact, its first event and its
// entry for the ledger, in one transaction. One that it supersedes ends in the same.
// The pending entry is sealed by the log: see [ledger.Log.Drain].
func (db *DB) InsertBasis(ctx context.Context, signed basis.Signed, at time.Time) (pendingID string, err error) {
	b, err := basis.Parse(signed.Document)
	if err != nil {
		return "", err
	}
	state, err := b.Kind.After(basis.None, basis.EventGranted)
	if err != nil {
		return "", err
	}
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if err := endSuperseded(ctx, tx, b, at); err != nil {
			return err
		}
		pendingID, err = beginBasis(ctx, tx, b, signed, basisEvent{seq: 1, event: basis.EventGranted, state: state, at: at, actor: b.Actor.Ref, ref: gateway.NewRef()})
		return err
	})
	return pendingID, err
}

// beginBasis writes an artefact with the event that puts it in force, and its entry.
func beginBasis(ctx context.Context, tx pgx.Tx, b basis.Basis, signed basis.Signed, granted basisEvent) (pendingID string, err error) {
	if err := underMandate(ctx, tx, b, granted.at); err != nil {
		return "", err
	}
	if err := writeBasis(ctx, tx, b, signed, granted.at); err != nil {
		return "", err
	}
	if err := addEvent(ctx, tx, b.ID, granted); err != nil {
		return "", err
	}
	if err := endsAt(ctx, tx, b.ID, b.Expires); err != nil {
		return "", err
	}
	return pendEntry(ctx, tx, basisEntry(b, granted), b.SubjectRef)
}

func endSuperseded(ctx context.Context, tx pgx.Tx, b basis.Basis, at time.Time) error {
	if b.Supersedes == "" {
		return nil
	}
	_, _, err := changeBasis(ctx, tx, basis.Change{ID: b.Supersedes, SubjectRef: b.SubjectRef, Event: basis.EventSuperseded, Actor: b.Actor.Ref, At: at})
	return err
}

func writeBasis(ctx context.Context, tx pgx.Tx, b basis.Basis, signed basis.Signed, at time.Time) error {
	certificate := sm.Sum(signed.Certificate)
	if _, err := tx.Exec(ctx, "insert into platform_certificates (sm3, certificate) values ($1, $2) on conflict do nothing",
		certificate[:], signed.Certificate); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into bases (basis_id, subject_ref, document, signature, certificate_sm3, granted_at)
		values ($1, $2, $3, $4, $5, $6)`,
		b.ID, b.SubjectRef, signed.Document, signed.Signature, certificate[:], at)
	return err
}

// ChangeBasis ends a basis, holds it up or lets it go on, on every node: its event, the
// stop in every log or its lifting, and its entry for the ledger are one transaction,
// and what commits after it goes by it. Nobody changes another's: the answer is as if
// there were none (NotFound, basis-unknown). An event that the state does not allow is
// a Conflict, basis-state. The same twice answers the same, without a second entry:
// pendingID is "" then.
func (db *DB) ChangeBasis(ctx context.Context, change basis.Change) (held basis.Held, pendingID string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		held, pendingID, err = changeBasis(ctx, tx, change)
		return err
	})
	return held, pendingID, err
}

func changeBasis(ctx context.Context, tx pgx.Tx, change basis.Change) (basis.Held, string, error) {
	found, last, err := readBasis(ctx, tx, change.ID)
	if err != nil {
		return basis.Held{}, "", err
	}
	if found.SubjectRef != change.SubjectRef {
		return basis.Held{}, "", basisUnknown()
	}
	if last.event == change.Event {
		return basis.Held{Basis: found, State: last.state}, "", nil
	}
	next, err := found.Kind.After(last.state, change.Event)
	if err != nil {
		return basis.Held{}, "", err
	}
	event := basisEvent{
		seq: last.seq + 1, event: change.Event, state: next, at: change.At, actor: change.Actor, reason: change.Reason, ref: gateway.NewRef(),
	}
	if err := addEvent(ctx, tx, change.ID, event); err != nil {
		return basis.Held{}, "", err
	}
	if next.Ended() {
		if err := ended(ctx, tx, change.ID); err != nil {
			return basis.Held{}, "", err
		}
		if err := orderErasure(ctx, tx, found, event); err != nil {
			return basis.Held{}, "", err
		}
	}
	if err := markBasis(ctx, tx, change.ID, next); err != nil {
		return basis.Held{}, "", err
	}
	pendingID, err := pendEntry(ctx, tx, basisEntry(found, event), found.SubjectRef)
	return basis.Held{Basis: found, State: next}, pendingID, err
}

// markBasis has every log know whether the basis lets anything through.
func markBasis(ctx context.Context, tx pgx.Tx, id string, state basis.State) error {
	stop := ledger.Stop{Kind: "basis", ID: id}
	if state == basis.Active {
		return liftEverywhere(ctx, tx, stop)
	}
	return stopEverywhere(ctx, tx, stop)
}

// basisEvent is a row of basis_events.
type basisEvent struct {
	seq    int32
	event  basis.Event
	state  basis.State
	at     time.Time
	actor  string
	reason string
	ref    string // of its entry
}

// addEvent adds the next event. Of two at once the second finds its place taken and
// begins again, on what the first one left.
func addEvent(ctx context.Context, tx pgx.Tx, id string, e basisEvent) error {
	done, err := tx.Exec(ctx, `
		insert into basis_events (basis_id, seq, event, state, at, actor, reason, ref) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, id, e.seq, e.event, e.state, e.at, e.actor, e.reason, e.ref)
	if err != nil {
		return err
	}
	if done.RowsAffected() == 0 {
		return errAgain
	}
	return nil
}

// readBasis reads a basis with its last event.
func readBasis(ctx context.Context, tx pgx.Tx, id string) (basis.Basis, basisEvent, error) {
	var document []byte
	var last basisEvent
	err := tx.QueryRow(ctx, `
		select document, seq, event, state, at, actor
		from bases join basis_events using (basis_id)
		where basis_id = $1
		order by seq desc limit 1`, id).
		Scan(&document, &last.seq, &last.event, &last.state, &last.at, &last.actor)
	if err != nil {
		return basis.Basis{}, basisEvent{}, orUnknown(err, basisUnknown())
	}
	b, err := basis.Read(document)
	return b, last, err
}

// Basis reads one basis with all that proves it; NotFound, basis-unknown.
func (db *DB) Basis(ctx context.Context, id string) (basis.Held, basis.Signed, error) {
	var held basis.Held
	var signed basis.Signed
	err := db.pool.QueryRow(ctx, `
		select document, signature, certificate,
			(select state from basis_events where basis_events.basis_id = bases.basis_id order by seq desc limit 1)
		from bases join platform_certificates on sm3 = certificate_sm3
		where basis_id = $1`, id).
		Scan(&signed.Document, &signed.Signature, &signed.Certificate, &held.State)
	if err != nil {
		return basis.Held{}, basis.Signed{}, orUnknown(err, basisUnknown())
	}
	held.Basis, err = basis.Read(signed.Document)
	return held, signed, err
}

// BasesOf lists a person's bases, newest first, limit at a time; next is the after of
// the following page, "" when there is none. With subjectRef "" it lists those that
// are about anybody.
func (db *DB) BasesOf(ctx context.Context, subjectRef, after string, limit int) (page []basis.Held, next string, err error) {
	rows, err := db.pool.Query(ctx, `
		select document,
			(select state from basis_events where basis_events.basis_id = bases.basis_id order by seq desc limit 1)
		from bases
		where subject_ref = $1 and ($2 = '' or (granted_at, basis_id) <
			(select granted_at, basis_id from bases where subject_ref = $1 and basis_id = $2))
		order by granted_at desc, basis_id desc limit $3`, subjectRef, after, limit+1)
	if err != nil {
		return nil, "", explain(err)
	}
	page, err = pgx.CollectRows(rows, scanHeld)
	if err != nil {
		return nil, "", explain(err)
	}
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].Basis.ID
	}
	return page, next, nil
}

func scanHeld(row pgx.CollectableRow) (basis.Held, error) {
	var held basis.Held
	var document []byte
	if err := row.Scan(&document, &held.State); err != nil {
		return basis.Held{}, err
	}
	var err error
	held.Basis, err = basis.Read(document)
	return held, err
}

func basisUnknown() *gateway.Error {
	return gateway.Fail(gateway.NotFound, "basis-unknown", "There is no such access basis.")
}
