package postgres

var (
	PendEntry      = pendEntry
	StopEverywhere = stopEverywhere
	CreateOrigin   = createOrigin
	AuditIn        = auditIn
)
