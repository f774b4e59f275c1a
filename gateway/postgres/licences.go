package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/licensing"
)

// ApplyLicences makes changes durable, all or none: the licences, their events, files
// and look-ups, the stops of what ends, and the entries for the ledger.
func (db *DB) ApplyLicences(ctx context.Context, changes []licensing.Change) (pending []string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) (err error) {
		pending, err = applyLicences(ctx, tx, changes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return pending, nil
}

func applyLicences(ctx context.Context, tx pgx.Tx, changes []licensing.Change) (pending []string, err error) {
	batch := &pgx.Batch{}
	for _, change := range changes {
		queueLicence(batch, change)
		id, err := queueEntry(batch, change.Entry, change.Record.SubjectRef)
		if err != nil {
			return nil, err
		}
		pending = append(pending, id)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	if err := noteLicences(ctx, tx, changes); err != nil {
		return nil, err
	}
	for _, change := range changes { // last: it holds up every batch
		if change.Ends == (ledger.Stop{}) {
			continue
		}
		if err := stopEverywhere(ctx, tx, change.Ends); err != nil {
			return nil, err
		}
	}
	return pending, nil
}

// queueLicence adds the statements of one change; all go in one round trip.
func queueLicence(batch *pgx.Batch, change licensing.Change) {
	r := change.Record
	if change.Previous == 0 {
		queueNewLicence(batch, r)
	} else {
		queueChangedLicence(batch, r, change.Previous)
	}
	first := r.Seq - len(change.Steps) + 1
	for i, step := range change.Steps {
		batch.Queue(`insert into licence_events (licence_id, seq, event, state, version, at, actor) values ($1, $2, $3, $4, $5, $6, $7)`,
			r.ID, first+i, string(step.Event), string(step.State), r.Version, r.ChangedAt, change.Actor)
	}
	if change.File != nil {
		batch.Queue(`insert into licence_files (licence_id, version, sealed) values ($1, $2, $3)`, r.ID, r.Version, change.File)
	}
	for _, lookup := range change.Lookups {
		batch.Queue(`insert into licence_lookups (lookup, licence_id) values ($1, $2) on conflict (lookup) do nothing`, lookup, r.ID).
			Exec(oneRow(gateway.Fail(gateway.Conflict, "licence-number-taken", "A licence of this type has this number already.")))
	}
}

func queueNewLicence(batch *pgx.Batch, r licensing.Record) {
	batch.Queue(`
		insert into licences (licence_id, subject_ref, kind, issuer, state, version, seq, service_item, case_no, decided_at, issued_at, changed_at, sealed)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.ID, r.SubjectRef, r.Kind, r.Issuer, string(r.State), r.Version, r.Seq, r.ServiceItem, r.CaseNo,
		orNull(r.DecidedAt), orNull(r.IssuedAt), r.ChangedAt, r.Sealed)
}

func queueChangedLicence(batch *pgx.Batch, r licensing.Record, previous int) {
	batch.Queue(`
		update licences set state = $3, version = $4, seq = $5, issued_at = $6, changed_at = $7, sealed = $8
		where licence_id = $1 and seq = $2`,
		r.ID, previous, string(r.State), r.Version, r.Seq, orNull(r.IssuedAt), r.ChangedAt, r.Sealed).
		Exec(oneRow(gateway.Fail(gateway.Conflict, "licence-state", "The licence was changed by somebody else; read it again.")))
}

// oneRow is an error unless exactly one row was written.
func oneRow(failure *gateway.Error) func(tag pgconn.CommandTag) error {
	return func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != 1 {
			return failure
		}
		return nil
	}
}

const licenceColumns = `licence_id, subject_ref, kind, issuer, state, version, seq, service_item, case_no,
	coalesce(decided_at, '0001-01-01'), coalesce(issued_at, '0001-01-01'), changed_at, sealed`

// Licence reads one licence; NotFound, licence-unknown.
func (db *DB) Licence(ctx context.Context, id string) (licensing.Record, error) {
	found, err := db.licences(ctx, `select `+licenceColumns+` from licences where licence_id = $1`, id)
	if err == nil && len(found) == 0 {
		err = gateway.Fail(gateway.NotFound, "licence-unknown", "There is no such licence, or it is not yours.")
	}
	if err != nil {
		return licensing.Record{}, err
	}
	return found[0], nil
}

// LicencesOf lists a person's licences, those changed last first.
func (db *DB) LicencesOf(ctx context.Context, subjectRef string) ([]licensing.Record, error) {
	return db.licences(ctx, `select `+licenceColumns+` from licences where subject_ref = $1 order by changed_at desc, licence_id`, subjectRef)
}

func (db *DB) licences(ctx context.Context, query string, args ...any) ([]licensing.Record, error) {
	rows, err := db.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r licensing.Record, err error) {
		err = row.Scan(&r.ID, &r.SubjectRef, &r.Kind, &r.Issuer, &r.State, &r.Version, &r.Seq, &r.ServiceItem, &r.CaseNo,
			&r.DecidedAt, &r.IssuedAt, &r.ChangedAt, &r.Sealed)
		return r, err
	})
	return found, explain(err)
}

// LicenceFile reads the encrypted OFD of a version; nil when none was made.
func (db *DB) LicenceFile(ctx context.Context, id string, version int) ([]byte, error) {
	return db.licenceBytes(ctx, `select sealed from licence_files where licence_id = $1 and version = $2`, id, version)
}

// FindLicence finds a licence by a keyed look-up; "" when there is none.
func (db *DB) FindLicence(ctx context.Context, lookup []byte) (id string, err error) {
	err = db.pool.QueryRow(ctx, `select licence_id from licence_lookups where lookup = $1`, lookup).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return id, explain(err)
}

// SealOf reads an e-seal; nil when none was made.
func (db *DB) SealOf(ctx context.Context, name string) ([]byte, error) {
	return db.licenceBytes(ctx, `select seal from licence_seals where name = $1`, name)
}

// Seals reads every e-seal.
func (db *DB) Seals(ctx context.Context) ([][]byte, error) {
	rows, err := db.pool.Query(ctx, `select seal from licence_seals order by name`)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return found, explain(err)
}

func (db *DB) licenceBytes(ctx context.Context, query string, args ...any) ([]byte, error) {
	var found []byte
	err := db.pool.QueryRow(ctx, query, args...).Scan(&found)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return found, explain(err)
}

// KeepSeal stores an e-seal unless one stands, and returns the one that does.
func (db *DB) KeepSeal(ctx context.Context, name string, seal []byte) ([]byte, error) {
	if _, err := db.pool.Exec(ctx, `insert into licence_seals (name, seal) values ($1, $2) on conflict do nothing`, name, seal); err != nil {
		return nil, explain(err)
	}
	return db.SealOf(ctx, name)
}
