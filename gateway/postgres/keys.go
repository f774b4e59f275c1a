package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/enrolling"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// Enrolment makes a key a system's own.
type Enrolment struct {
	System string
	Public *sm.PublicKey
	From   time.Time
	Until  time.Time // exclusive; zero: no end
	Actor  string    // who enrols it, a staff reference
	At     time.Time
}

// EnrolKey enrols a system's key under its thumbprint and enters that in the ledger.
// A key enrolled for this system before is left as it is (pendingID is "" then); one
// of another system, or one that was revoked, is a Conflict, key-taken.
func (db *DB) EnrolKey(ctx context.Context, e Enrolment) (key exchange.SystemKey, pendingID string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		key, pendingID, err = enrolKey(ctx, tx, e)
		return err
	})
	return key, pendingID, err
}

func enrolKey(ctx context.Context, tx pgx.Tx, e Enrolment) (key exchange.SystemKey, pendingID string, err error) {
	id := jose.NewJWK("", e.Public).Thumbprint()
	done, err := tx.Exec(ctx, `
		insert into system_keys (key_id, system_id, public_key, valid_from, valid_until, enrolled_at)
		values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
		id, e.System, e.Public.Bytes(), e.From, orNull(e.Until), e.At)
	if err != nil {
		return key, "", err
	}
	if key, err = readKey(ctx, tx, id); err != nil {
		return key, "", err
	}
	if key.System != e.System || key.Revoked {
		return key, "", gateway.Fail(gateway.Conflict, "key-taken", "This key belongs to another system, or was revoked.")
	}
	if done.RowsAffected() == 0 {
		return key, "", nil
	}
	pendingID, err = pendEntry(ctx, tx, keyEntry("key-enrolled", key, e.Actor, e.At), "")
	return key, pendingID, err
}

// RevokeKey ends a key on every node, as [DB.ChangeBasis] does a basis. A key that is
// not enrolled is NotFound, key-unknown; revoking twice changes nothing.
func (db *DB) RevokeKey(ctx context.Context, keyID, actor string, at time.Time) (pendingID string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pendingID = ""
		done, err := tx.Exec(ctx, "update system_keys set revoked_at = $2 where key_id = $1 and revoked_at is null", keyID, at)
		if err != nil {
			return err
		}
		key, err := readKey(ctx, tx, keyID)
		if errors.Is(err, exchange.ErrUnknownKey) {
			return gateway.Fail(gateway.NotFound, "key-unknown", "There is no such key.")
		}
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		if err := stopEverywhere(ctx, tx, ledger.Stop{Kind: "key", ID: keyID}); err != nil {
			return err
		}
		pendingID, err = pendEntry(ctx, tx, keyEntry("key-revoked", key, actor, at), "")
		return err
	})
	return pendingID, err
}

func keyEntry(kind ledger.Kind, key exchange.SystemKey, actor string, at time.Time) ledger.Entry {
	return ledger.Entry{Kind: kind, Ref: gateway.NewRef(), At: at, Fields: []ledger.Field{
		{Name: "system", Value: key.System},
		{Name: "key", Value: key.KeyID},
		{Name: "actor", Value: actor},
	}}
}

// SystemKey finds a key by its thumbprint; [exchange.ErrUnknownKey] when nobody
// enrolled it.
func (db *DB) SystemKey(ctx context.Context, keyID string) (exchange.SystemKey, error) {
	key, err := readKey(ctx, db.pool, keyID)
	return key, explain(err)
}

// SystemKeys lists the keys of a system, oldest first, revoked ones too.
func (db *DB) SystemKeys(ctx context.Context, system string) ([]exchange.SystemKey, error) {
	rows, err := db.pool.Query(ctx, selectKey+"where system_id = $1 order by enrolled_at, key_id", system)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (exchange.SystemKey, error) { return scanKey(row) })
	return found, explain(err)
}

// KeysEnding lists the keys that end after one moment and not after another, the next
// one first, each with whether its system has a key that goes on.
func (db *DB) KeysEnding(ctx context.Context, after, until time.Time) ([]enrolling.Ending, error) {
	rows, err := db.pool.Query(ctx, `select key_id, system_id, public_key, valid_from, valid_until, revoked_at is not null,
  exists (select from system_keys o where o.system_id = k.system_id and o.revoked_at is null and (o.valid_until is null or o.valid_until > k.valid_until) and o.valid_from <= k.valid_until)
from system_keys k where revoked_at is null and valid_until > $1 and valid_until <= $2 order by valid_until, key_id`, after, until)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (enrolling.Ending, error) {
		var e enrolling.Ending
		var err error
		e.Key, err = scanKey(row, &e.Followed)
		return e, err
	})
	return found, explain(err)
}

const selectKey = "select key_id, system_id, public_key, valid_from, valid_until, revoked_at is not null from system_keys "

// querier is a transaction or the pool.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func readKey(ctx context.Context, from querier, keyID string) (exchange.SystemKey, error) {
	key, err := scanKey(from.QueryRow(ctx, selectKey+"where key_id = $1", keyID))
	return key, orUnknown(err, exchange.ErrUnknownKey)
}

// scanKey reads a key, and what stands after it in the row.
func scanKey(row pgx.Row, more ...any) (exchange.SystemKey, error) {
	var key exchange.SystemKey
	var point []byte
	var until *time.Time
	if err := row.Scan(append([]any{&key.KeyID, &key.System, &point, &key.From, &until, &key.Revoked}, more...)...); err != nil {
		return exchange.SystemKey{}, err
	}
	if until != nil {
		key.Until = *until
	}
	var err error
	key.Public, err = sm.ParsePublicKey(point)
	return key, err
}

// orUnknown is the error for a row that is not there, or err.
func orUnknown(err, unknown error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return unknown
	}
	return explain(err)
}

// orNull is how a moment left out is stored.
func orNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
