package main

import (
	"os"
	"runtime/debug"
)

const (
	// A node's live heap is a few megabytes and its garbage is short-lived: at the
	// default of 100 a fifth of the processor goes to collecting it.
	gcPercent   = 400
	memoryLimit = 2 << 30 // bytes; above it the collector works as hard as it must
)

// tuneMemory sets the collector, unless the operator has said otherwise.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
