package postgres

var (
	PendEntry         = pendEntry
	StopEverywhere    = stopEverywhere
	LiftEverywhere    = liftEverywhere
	PublishEverywhere = publishEverywhere
	CreateOrigin      = createOrigin
	AuditIn           = auditIn
)
