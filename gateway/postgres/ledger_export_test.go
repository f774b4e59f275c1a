package postgres

var (
	PendEntry      = pendEntry
	StopEverywhere = stopEverywhere
)
