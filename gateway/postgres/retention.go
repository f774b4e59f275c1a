package postgres

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

// Record writes an entry of its own, of a reading for instance, that no other change
// goes with; subject is the subject_ref concerned, or "".
func (db *DB) Record(ctx context.Context, entry ledger.Entry, subject string) (pendingID string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pendingID, err = pendEntry(ctx, tx, entry, subject)
		return err
	})
	return pendingID, err
}

// expireAtOnce bounds the rows of one transaction, so that none holds up the ledger.
const expireAtOnce = 10_000

// ExpireMessages deletes the messages whose time has come, and records how many; the
// entries that commit to them stand. What a legal hold covers stays until it is lifted.
func (db *DB) ExpireMessages(ctx context.Context, now time.Time, actor string) (gone int64, err error) {
	for {
		var batch int64
		err = db.inTx(ctx, func(tx pgx.Tx) error {
			batch, err = expireSome(ctx, tx, now)
			if err != nil || batch == 0 {
				return err
			}
			_, err = pendEntry(ctx, tx, ledger.Entry{Kind: "messages-expired", At: now, Fields: []ledger.Field{
				{Name: "before", Value: now.UTC().Format(time.RFC3339)},
				{Name: "messages-deleted", Value: strconv.FormatInt(batch, 10)},
				{Name: "actor", Value: actor},
			}}, "")
			return err
		})
		if err != nil || batch == 0 {
			return gone, err
		}
		gone += batch
	}
}

func expireSome(ctx context.Context, tx pgx.Tx, now time.Time) (int64, error) {
	if _, err := tx.Exec(ctx, holdsLock); err != nil {
		return 0, err
	}
	beside, err := tx.Exec(ctx, `
		delete from ledger_messages using (
			select origin, idx from ledger_messages m where keep_until <= $1 and `+messageNotHeld+` limit $2) as old
		where ledger_messages.origin = old.origin and ledger_messages.idx = old.idx`, now, expireAtOnce)
	if err != nil {
		return 0, err
	}
	releases, err := tx.Exec(ctx, `
		delete from ledger_releases using (
			select ref from ledger_releases r where keep_until <= $1 and `+releaseNotHeld+` limit $2) as old
		where ledger_releases.ref = old.ref`, now, expireAtOnce)
	if err != nil {
		return 0, err
	}
	return beside.RowsAffected() + releases.RowsAffected(), nil
}

// Erasure asks for the end of what the record holds of one person.
type Erasure struct {
	Subject       string // subject_ref
	Actor, Reason string
	At            time.Time
}

// Erased counts what is gone.
type Erased struct{ Openings, Messages, Keys int64 }

// erasedDomain: the entry of an erasure names the person by a digest only, so that it
// can be shown to whoever knows the reference.
const erasedDomain = sm.Domain("kapok/erased/v1")

// EraseSubject erases salts and values of every entry that concerns a person, the
// messages beside them, and the person's record key, which ends what backups hold
// once its key-encryption key is destroyed. It is one transaction with its own entry.
// Leaves, tree, checkpoints and receipts handed out before stand and verify as they
// did; the citizen's index keeps the places, which now say nothing. What a person
// signed (access bases) and their safe are not touched. A node that used the key
// lately may seal with it for ten minutes more; what it seals can never be read. While
// a legal hold covers the person, or an entry that concerns them, it is Conflict,
// legal-hold, and nothing is erased.
func (db *DB) EraseSubject(ctx context.Context, e Erasure) (erased Erased, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, holdsLock); err != nil {
			return err
		}
		if err := notHeld(ctx, tx, e.Subject); err != nil {
			return err
		}
		erased, err = erase(ctx, tx, e.Subject)
		if err != nil {
			return err
		}
		_, err = pendEntry(ctx, tx, erasureEntry(e, erased), "")
		return err
	})
	return erased, err
}

func erase(ctx context.Context, tx pgx.Tx, subject string) (erased Erased, err error) {
	var releases int64
	for _, one := range []struct {
		statement string
		count     *int64
	}{
		{`delete from ledger_openings opening using ledger_accesses access
			where access.subject_ref = $1 and opening.origin = access.origin and opening.idx = access.idx`, &erased.Openings},
		{`delete from ledger_messages message using ledger_accesses access
			where access.subject_ref = $1 and message.origin = access.origin and message.idx = access.idx`, &erased.Messages},
		{`delete from ledger_releases release using ledger_accesses access, ledger_places entry
			where access.subject_ref = $1 and entry.origin = access.origin and entry.idx = access.idx and release.ref = entry.ref`, &releases},
		{`delete from person_keys where owner = $1 and use = 'record'`, &erased.Keys},
	} {
		done, err := tx.Exec(ctx, one.statement, subject)
		if err != nil {
			return erased, err
		}
		*one.count = done.RowsAffected()
	}
	erased.Messages += releases
	return erased, nil
}

const erasedKind ledger.Kind = "subject-erased"

func erasedPerson(subject string) string {
	digest := sm.Sum(erasedDomain.Message([]byte(subject)))
	return hex.EncodeToString(digest[:])
}

func erasureEntry(e Erasure, erased Erased) ledger.Entry {
	return ledger.Entry{Kind: erasedKind, At: e.At, Fields: []ledger.Field{
		{Name: "person", Value: erasedPerson(e.Subject)},
		{Name: "openings", Value: strconv.FormatInt(erased.Openings, 10)},
		{Name: "messages-deleted", Value: strconv.FormatInt(erased.Messages, 10)},
		{Name: "keys", Value: strconv.FormatInt(erased.Keys, 10)},
		{Name: "actor", Value: e.Actor},
		{Name: "reason", Value: e.Reason},
	}}
}

// KeyEntries lists what the ledger says of a system's key, the earliest first.
func (l *Ledger) KeyEntries(ctx context.Context, keyID string) ([]LedgerEntry, error) {
	rows, err := l.db.pool.Query(ctx, `
		select at, origin, idx from ledger_places
		where kind in ('key-enrolled', 'key-revoked') order by at, origin, idx`)
	if err != nil {
		return nil, explain(err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LedgerPlace])
	if err != nil {
		return nil, explain(err)
	}
	all, err := l.entriesAt(ctx, places)
	if err != nil {
		return nil, err
	}
	var about []LedgerEntry
	for _, one := range all {
		if one.Entry.Value("key") == keyID {
			about = append(about, one)
		}
	}
	return about, nil
}

// KeyChains lists the chains, root last, of the keys that sealed a log.
func (l *Ledger) KeyChains(ctx context.Context, origin string) ([][][]byte, error) {
	rows, err := l.db.pool.Query(ctx, `select chain from ledger_keys where origin = $1`, origin)
	if err != nil {
		return nil, explain(err)
	}
	chains, err := pgx.CollectRows(rows, pgx.RowTo[[][]byte])
	return chains, explain(err)
}
