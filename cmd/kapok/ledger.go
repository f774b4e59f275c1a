package main

import (
	"context"
	"errors"
	"io"
)

const ledgerUsage = "usage: kapok ledger evidence | expire | erase | hold | lift | holds | stamp | reseal | resealed | export | prove-consistency | checkpoint | audit | new-origin | months | archive | prune, each with --config FILE; -h explains its flags"

// ledgerActs are what an operator does with the record. Those that show or erase
// something are recorded in turn.
var ledgerActs = map[string]func(ctx context.Context, args []string, out io.Writer) error{
	"evidence": writeEvidence,
	"expire":   expireMessages,
	"erase":    eraseSubject,
	"hold":     placeHold,
	"lift":     liftHold,
	"holds":    listHolds,
	"stamp":    stampCheckpoints,
	"reseal":   resealCheckpoints,

	"months":  listMonths,
	"archive": archiveLedger,
	"prune":   pruneLedger,

	"audit":      auditLedger,
	"new-origin": newOrigin,

	"export":            onLog(1, exportLog),
	"prove-consistency": onLog(0, proveConsistency),
	"checkpoint":        onLog(0, printCheckpoint),
	"resealed":          onLog(1, handOutResealing),
}

func ledgerCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(ledgerUsage)
	}
	act, known := ledgerActs[args[0]]
	if !known {
		return errors.New(ledgerUsage)
	}
	return act(ctx, args[1:], out)
}
