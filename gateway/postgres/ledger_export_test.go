package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// AuditOver audits what one transaction sees, with an archive.
func AuditOver(ctx context.Context, tx pgx.Tx, shelf Shelf, options ledger.AuditOptions) (ledger.AuditReport, error) {
	return auditIn(ctx, tx, shelf, options)
}

// AuditIn audits what one transaction sees, without an archive.
func AuditIn(ctx context.Context, tx pgx.Tx, options ledger.AuditOptions) (ledger.AuditReport, error) {
	return auditIn(ctx, tx, noShelf{}, options)
}

var (
	PendEntry         = pendEntry
	StopEverywhere    = stopEverywhere
	LiftEverywhere    = liftEverywhere
	PublishEverywhere = publishEverywhere
	CreateOrigin      = createOrigin
)
