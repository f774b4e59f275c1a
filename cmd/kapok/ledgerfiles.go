package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// What kapok-verify reads: a whole log as files, a proof, a checkpoint. These
// commands read the database and change nothing.

var errExportUsage = errors.New(`usage: kapok ledger export --config FILE --origin LOG [--from INDEX] [--size SIZE] FOLDER
       kapok ledger prove-consistency --config FILE --origin LOG --from SIZE [--size SIZE]
       kapok ledger checkpoint --config FILE --origin LOG [--size SIZE]
       kapok ledger resealed --config FILE --origin LOG --size SIZE FOLDER`)

// logRequest is what such a command line asks for.
type logRequest struct {
	config     config
	origin     string
	from, size uint64
	rest       []string
}

func parseLogRequest(args []string, words int) (logRequest, error) {
	var asked logRequest
	flags := flag.NewFlagSet("ledger", flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	flags.StringVar(&asked.origin, "origin", "", "name of the log")
	flags.Uint64Var(&asked.from, "from", 0, "index of the first entry; size of the older tree")
	flags.Uint64Var(&asked.size, "size", 0, "size of a checkpoint; 0: the last one")
	if err := flags.Parse(args); err != nil {
		return logRequest{}, err
	}
	asked.rest = flags.Args()
	if asked.origin == "" || len(asked.rest) != words {
		return logRequest{}, errExportUsage
	}
	var err error
	asked.config, err = readConfig(*path)
	return asked, err
}

// onLog gives an act its request and the ledger.
func onLog(words int, act func(context.Context, *postgres.Ledger, logRequest, io.Writer) error) func(context.Context, []string, io.Writer) error {
	return func(ctx context.Context, args []string, out io.Writer) error {
		asked, err := parseLogRequest(args, words)
		if err != nil {
			return err
		}
		database, err := postgres.Open(ctx, asked.config.Database.URL, postgres.Options{Shelf: asked.config.shelf()})
		if err != nil {
			return err
		}
		defer database.Close()
		return act(ctx, database.Ledger(), asked, out)
	}
}

// exportLog ends where a checkpoint is, so that the export proves itself.
func exportLog(ctx context.Context, from *postgres.Ledger, asked logRequest, out io.Writer) error {
	_, head, err := checkpointOf(ctx, from, asked)
	if err != nil {
		return err
	}
	folder := asked.rest[0]
	if err := ledger.Export(ctx, from, ledger.Range{Origin: asked.origin, First: asked.from, Size: head.Size}, folder); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: entries %d to %d in %s; check them with kapok-verify log\n", asked.origin, asked.from, head.Size-1, folder)
	return err
}

func checkpointOf(ctx context.Context, from *postgres.Ledger, asked logRequest) (string, ledger.Checkpoint, error) {
	printed, err := from.HeadAt(ctx, asked.origin, asked.size)
	if err != nil {
		return "", ledger.Checkpoint{}, err
	}
	if printed == "" {
		return "", ledger.Checkpoint{}, fmt.Errorf("%s has no such checkpoint", asked.origin)
	}
	head, err := ledger.ParseCheckpoint(printed)
	return printed, head, err
}

func proveConsistency(ctx context.Context, from *postgres.Ledger, asked logRequest, out io.Writer) error {
	proved, err := ledger.ProveConsistency(ctx, from, asked.origin, asked.from, asked.size)
	if err != nil {
		return err
	}
	_, err = out.Write(append(proved.Encode(), '\n'))
	return err
}

func printCheckpoint(ctx context.Context, from *postgres.Ledger, asked logRequest, out io.Writer) error {
	printed, _, err := checkpointOf(ctx, from, asked)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, printed)
	return err
}
