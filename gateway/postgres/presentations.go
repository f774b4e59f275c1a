package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/safe"
)

// KeepPresentation stores what a person shows, with its entry.
func (db *DB) KeepPresentation(ctx context.Context, p safe.Presentation) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			insert into presentations (presentation_id, subject_ref, level, items, purpose, separate, certificate, made_at, expires_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			p.ID, p.SubjectRef, p.Level, p.Items, p.Purpose, p.Separate, p.Certificate, p.Made, p.Expires)
		if err != nil {
			return err
		}
		pending, err = pendEntry(ctx, tx, ledger.Entry{Kind: "presentation-shown", Ref: gateway.NewRef(), At: p.Made, Fields: []ledger.Field{
			{Name: "presentation", Value: p.ID},
			{Name: "items", Value: strings.Join(p.Items, ",")},
			{Name: "purpose", Value: p.Purpose},
		}}, p.SubjectRef)
		return err
	})
	return pending, err
}

// Presentation reads what was shown; NotFound, presentation-unknown.
func (db *DB) Presentation(ctx context.Context, id string) (safe.Presentation, error) {
	return readPresentation(ctx, db.pool, id)
}

func readPresentation(ctx context.Context, from querier, id string) (safe.Presentation, error) {
	var p safe.Presentation
	err := from.QueryRow(ctx, `
		select presentation_id, subject_ref, level, items, purpose, separate, certificate, made_at, expires_at,
			coalesce(scanned_at, '0001-01-01'), scanned_by, coalesce(cancelled_at, '0001-01-01'), refused, refused_code
		from presentations where presentation_id = $1`, id).
		Scan(&p.ID, &p.SubjectRef, &p.Level, &p.Items, &p.Purpose, &p.Separate, &p.Certificate, &p.Made, &p.Expires, &p.ScannedAt, &p.ScannedBy,
			&p.Cancelled, &p.Refused, &p.RefusedCode)
	if errors.Is(err, pgx.ErrNoRows) {
		return safe.Presentation{}, gateway.Fail(gateway.NotFound, "presentation-unknown", "There is no such presentation.")
	}
	return p, explain(err)
}

// ScanPresentation uses a code up and puts the bases that it gives in force, in one
// transaction: of many who scan at once, on whatever nodes, one finds it unused. The
// time is asked again here, where it counts.
func (db *DB) ScanPresentation(ctx context.Context, p safe.Presentation, by safe.Scan, bases []basis.Signed, at time.Time) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, `
			update presentations set scanned_at = $2, scanned_by = $3
			where presentation_id = $1 and scanned_at is null and cancelled_at is null and expires_at > $2`, p.ID, at, by.System)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return noMore(ctx, tx, p.ID, at)
		}
		for _, signed := range bases {
			if err := grantScanned(ctx, tx, signed, at); err != nil {
				return err
			}
		}
		pending, err = pendEntry(ctx, tx, scanEntry(p, by, at), p.SubjectRef)
		return err
	})
	return pending, err
}

// noMore says why a code that could be scanned a moment ago cannot any more.
func noMore(ctx context.Context, tx pgx.Tx, id string, at time.Time) error {
	p, err := readPresentation(ctx, tx, id)
	if err == nil {
		err = p.Open(at)
	}
	if err == nil { // it is denied whatever the reason
		err = gateway.Fail(gateway.Conflict, "presentation-used", "This code can be scanned no more; ask for a new one.")
	}
	return err
}

// CancelPresentation takes a code back, with its entry; one that was scanned meanwhile, or
// has ended, is refused as a scan of it would be.
func (db *DB) CancelPresentation(ctx context.Context, id, subjectRef string, at time.Time) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pending = ""
		done, err := tx.Exec(ctx, `
			update presentations set cancelled_at = $3
			where presentation_id = $1 and subject_ref = $2 and scanned_at is null and cancelled_at is null and expires_at > $3`, id, subjectRef, at)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return stillCancelled(ctx, tx, id, at)
		}
		pending, err = pendEntry(ctx, tx, ledger.Entry{Kind: "presentation-cancelled", Ref: gateway.NewRef(), At: at, Fields: []ledger.Field{
			{Name: "presentation", Value: id},
		}}, subjectRef)
		return err
	})
	return pending, err
}

// stillCancelled lets a code be taken back twice.
func stillCancelled(ctx context.Context, tx pgx.Tx, id string, at time.Time) error {
	p, err := readPresentation(ctx, tx, id)
	if err != nil || !p.Cancelled.IsZero() {
		return err
	}
	return p.Open(at)
}

// CountRefusedScan counts a try in vain; the refusal itself stands in the ledger.
func (db *DB) CountRefusedScan(ctx context.Context, id, code string) error {
	_, err := db.pool.Exec(ctx, `update presentations set refused = refused + 1, refused_code = $2 where presentation_id = $1`, id, code)
	return explain(err)
}

func grantScanned(ctx context.Context, tx pgx.Tx, signed basis.Signed, at time.Time) error {
	b, err := basis.Parse(signed.Document)
	if err != nil {
		return err
	}
	state, err := b.Kind.After(basis.None, basis.EventGranted)
	if err != nil {
		return err
	}
	_, err = beginBasis(ctx, tx, b, signed, basisEvent{seq: 1, event: basis.EventGranted, state: state, at: at, actor: b.Actor.Ref, ref: gateway.NewRef()})
	return err
}

func scanEntry(p safe.Presentation, by safe.Scan, at time.Time) ledger.Entry {
	return ledger.Entry{Kind: "presentation-scanned", Ref: gateway.NewRef(), At: at, Fields: []ledger.Field{
		{Name: "presentation", Value: p.ID},
		{Name: "items", Value: strings.Join(p.Items, ",")},
		{Name: "department", Value: by.Department},
		{Name: "system", Value: by.System},
		{Name: "officer", Value: by.Officer},
		{Name: "service-item", Value: by.ServiceItem},
		{Name: "case", Value: by.CaseNo},
		{Name: "purpose", Value: by.Purpose},
		{Name: "operation", Value: joined(by.Operations)},
	}}
}
