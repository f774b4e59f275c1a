package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// Notification tells a person of something that a log holds about them.
type Notification struct {
	Origin      string
	Index       int64
	Kind        string // "use"
	At          time.Time
	VisibleAt   time.Time
	Department  string
	Item        string // the item's code
	Operation   string
	ServiceItem string
	ReadAt      time.Time // zero: not yet
}

// told is a notification with whom it is for.
type told struct {
	subject string
	Notification
}

// tell notes whom a released use concerns, where a policy obliges to tell them. When
// telling was lawfully put off it shows from then on.
func (r *usesRead) tell(origin string, index int64, entry ledger.Entry) {
	when, subject := entry.Value(exchange.TellField), entry.Value(ledger.SubjectField)
	if when == "" || when == exchange.TellNever || subject == "" {
		return
	}
	visible := entry.At
	if later, err := time.Parse(time.RFC3339, when); err == nil {
		visible = later
	}
	item, _, _ := strings.Cut(entry.Value("item"), "@")
	r.told = append(r.told, told{subject, Notification{
		Origin: origin, Index: index, Kind: "use", At: entry.At, VisibleAt: visible, Department: entry.Value("department"),
		Item: item, Operation: entry.Value("operation"), ServiceItem: entry.Value("service-item"),
	}})
}

func addNotifications(ctx context.Context, tx pgx.Tx, all []told) error {
	send := &pgx.Batch{}
	for _, one := range all {
		send.Queue(`
			insert into notifications (subject_ref, origin, idx, kind, at, visible_at, department, item, operation, service_item)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
			one.subject, one.Origin, one.Index, one.Kind, one.At, one.VisibleAt, one.Department, one.Item, one.Operation, one.ServiceItem)
	}
	if send.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, send).Close()
}

// Notifications lists what a person is told, the latest first, from before a place on.
// The zero place begins at the newest.
func (db *DB) Notifications(ctx context.Context, subjectRef string, before LedgerPlace, now time.Time, limit int) ([]Notification, error) {
	rows, err := db.pool.Query(ctx, `
		select origin, idx, kind, at, visible_at, department, item, operation, service_item, coalesce(read_at, '0001-01-01')
		from notifications
		where subject_ref = $1 and visible_at <= $2 and ($3::timestamptz is null or (at, origin, idx) < ($3, $4, $5))
		order by at desc, origin desc, idx desc limit $6`,
		subjectRef, now, orNull(before.At), before.Origin, int64(before.Index), limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Notification])
	return found, explain(err)
}

// ReadNotification notes that a person has read one of theirs; NotFound,
// notification-unknown.
func (db *DB) ReadNotification(ctx context.Context, subjectRef, origin string, index int64, now time.Time) error {
	done, err := db.pool.Exec(ctx, `
		update notifications set read_at = coalesce(read_at, $4)
		where subject_ref = $1 and origin = $2 and idx = $3 and visible_at <= $4`, subjectRef, origin, index, now)
	if err != nil {
		return explain(err)
	}
	if done.RowsAffected() == 0 {
		return gateway.Fail(gateway.NotFound, "notification-unknown", "There is no such notification, or it is not yours.")
	}
	return nil
}
