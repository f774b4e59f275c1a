package postgres

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// LegalHold keeps what the record holds of one person, or of a range of one log's
// entries, from expiry and erasure. Either Subject or Entries is set.
type LegalHold struct {
	ID      string
	Subject string       // subject_ref
	Entries ledger.Range // from First to below Size
	Reason  string
	By      string
	At      time.Time
}

// holdsLock makes holds, expiry and erasure take turns: none overlooks a hold that is
// placed at the same time.
const holdsLock = `select pg_advisory_xact_lock(hashtext('kapok.legal-holds'))`

// PlaceHold places a hold and records it; it returns the hold's id.
func (db *DB) PlaceHold(ctx context.Context, h LegalHold) (id string, err error) {
	if (h.Subject == "") == (h.Entries.Origin == "") || h.Entries.Origin != "" && h.Entries.Size <= h.Entries.First || h.By == "" || h.Reason == "" {
		return "", gateway.Fail(gateway.Invalid, "legal-hold-malformed", "A hold names a person or a range of one log's entries, by whom it is placed, and why.")
	}
	h.ID = strings.ToLower(rand.Text())
	return h.ID, db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, holdsLock); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			insert into legal_holds (id, subject_ref, origin, first, upto, reason, placed_by, placed_at)
			values ($1, nullif($2, ''), nullif($3, ''), case when $3 <> '' then $4::bigint end, case when $3 <> '' then $5::bigint end, $6, $7, $8)`,
			h.ID, h.Subject, h.Entries.Origin, int64(h.Entries.First), int64(h.Entries.Size), h.Reason, h.By, h.At); err != nil {
			return err
		}
		_, err := pendEntry(ctx, tx, ledger.Entry{Kind: "hold-placed", At: h.At, Fields: append(h.about(),
			ledger.Field{Name: "hold", Value: h.ID}, ledger.Field{Name: "actor", Value: h.By}, ledger.Field{Name: "reason", Value: h.Reason})}, "")
		return err
	})
}

// about names the person by a digest only, as the entry of an erasure does.
func (h LegalHold) about() []ledger.Field {
	if h.Subject != "" {
		return []ledger.Field{{Name: "person", Value: erasedPerson(h.Subject)}}
	}
	return []ledger.Field{
		{Name: "log", Value: h.Entries.Origin},
		{Name: "first", Value: strconv.FormatUint(h.Entries.First, 10)},
		{Name: "upto", Value: strconv.FormatUint(h.Entries.Size, 10)},
	}
}

// LiftHold ends a hold and records it. One that is not in force is NotFound,
// legal-hold-unknown.
func (db *DB) LiftHold(ctx context.Context, id, by, reason string, at time.Time) error {
	return db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, holdsLock); err != nil {
			return err
		}
		ended, err := tx.Exec(ctx, `
			insert into legal_hold_ends (id, reason, lifted_by, lifted_at)
			select id, $2, $3, $4 from legal_holds_in_force where id = $1`, id, reason, by, at)
		if err != nil {
			return err
		}
		if ended.RowsAffected() == 0 {
			return gateway.Fail(gateway.NotFound, "legal-hold-unknown", "No hold of this id is in force.")
		}
		_, err = pendEntry(ctx, tx, ledger.Entry{Kind: "hold-lifted", At: at, Fields: []ledger.Field{
			{Name: "hold", Value: id}, {Name: "actor", Value: by}, {Name: "reason", Value: reason},
		}}, "")
		return err
	})
}

// Holds lists those in force, the oldest first.
func (db *DB) Holds(ctx context.Context) ([]LegalHold, error) {
	rows, err := db.pool.Query(ctx, `
		select id, coalesce(subject_ref, ''), coalesce(origin, ''), coalesce(first, 0), coalesce(upto, 0), reason, placed_by, placed_at
		from legal_holds_in_force order by placed_at, id`)
	if err != nil {
		return nil, explain(err)
	}
	holds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h LegalHold, err error) {
		err = row.Scan(&h.ID, &h.Subject, &h.Entries.Origin, &h.Entries.First, &h.Entries.Size, &h.Reason, &h.By, &h.At)
		return h, err
	})
	return holds, explain(err)
}

// notHeld refuses the erasure of a person while a hold covers them or any entry that
// concerns them.
func notHeld(ctx context.Context, tx pgx.Tx, subject string) error {
	var held bool
	err := tx.QueryRow(ctx, `
		select exists (
			select from legal_holds_in_force hold where hold.subject_ref = $1 or exists (
				select from ledger_accesses access
				where access.subject_ref = $1 and access.origin = hold.origin and access.idx >= hold.first and access.idx < hold.upto))`, subject).Scan(&held)
	if err == nil && held {
		return gateway.Fail(gateway.Conflict, "legal-hold", "A legal hold covers this person or entries that concern them; nothing is erased until it is lifted.")
	}
	return err
}

// Conditions of what may expire: of a message (m) beside an entry, and of a release's (r).
const (
	messageNotHeld = `not exists (
		select from legal_holds_in_force hold
		where hold.subject_ref = m.owner or hold.origin = m.origin and m.idx >= hold.first and m.idx < hold.upto or exists (
			select from ledger_accesses access where access.subject_ref = hold.subject_ref and access.origin = m.origin and access.idx = m.idx))`
	releaseNotHeld = `not exists (
		select from legal_holds_in_force hold
		where hold.subject_ref = r.owner or exists (
			select from ledger_places place
			where place.ref = r.ref and (place.origin = hold.origin and place.idx >= hold.first and place.idx < hold.upto or exists (
				select from ledger_accesses access
				where access.subject_ref = hold.subject_ref and access.origin = place.origin and access.idx = place.idx))))`
)
