package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// Old entries leave the database in two acts by two people: one writes and verifies an
// archive, another verifies it again and has the database delete what it holds
// (docs/archive.md).

// shelf is where the archives lie; nil when there is no folder for them.
func (c config) shelf() postgres.Shelf {
	if c.Ledger.Archive == "" {
		return nil
	}
	return ledger.NewShelf(c.Ledger.Archive)
}

// archiveAct is what such a command line asks for.
type archiveAct struct {
	config             config
	origin, by, reason string
	until              time.Time // first day of a month, UTC
	bundle             string
}

var errArchiveUsage = errors.New(`usage: kapok ledger archive --config FILE --origin LOG --until YYYY-MM --by NAME [--bundle FILE]
       kapok ledger prune --config FILE --origin LOG --by ANOTHER --reason TEXT [--bundle FILE]`)

func parseArchiveAct(name string, args []string) (archiveAct, error) {
	var act archiveAct
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	flags.StringVar(&act.origin, "origin", "", "name of the log")
	flags.StringVar(&act.by, "by", "", "who does this, for the record")
	flags.StringVar(&act.reason, "reason", "", "why, for the record")
	flags.StringVar(&act.bundle, "bundle", "", "the trust bundle, from where you keep it; empty: that of this node's keys")
	until := flags.String("until", "", "archive what was sealed before this month (UTC), as 2026-08")
	if err := flags.Parse(args); err != nil {
		return act, err
	}
	if act.origin == "" || act.by == "" || flags.NArg() > 0 {
		return act, errArchiveUsage
	}
	var err error
	if *until != "" {
		if act.until, err = time.Parse("2006-01", *until); err != nil {
			return act, errors.New("--until is a month, as 2026-08")
		}
	}
	act.config, err = readConfig(*path)
	if err == nil && act.config.Ledger.Archive == "" {
		err = errors.New("configuration: ledger.archive is not empty when something is archived")
	}
	return act, err
}

// open returns the database, and how an archive is verified.
func (a archiveAct) open(ctx context.Context) (*postgres.DB, ledger.LogOptions, error) {
	options := ledger.LogOptions{Verifier: sm.NewVerifier(sm.VerifierOptions{Both: true})}
	var err error
	if options.Bundle, err = pinnedBundle(ctx, a.config, a.bundle); err != nil {
		return nil, options, err
	}
	database, err := postgres.Open(ctx, a.config.Database.URL, postgres.Options{Shelf: a.config.shelf()})
	return database, options, err
}

// archiveLedger is `kapok ledger archive`. It may be run again after it was cut short.
func archiveLedger(ctx context.Context, args []string, out io.Writer) error {
	act, err := parseArchiveAct("archive", args)
	if err != nil {
		return err
	}
	if act.until.IsZero() {
		return errArchiveUsage
	}
	database, options, err := act.open(ctx)
	if err != nil {
		return err
	}
	defer database.Close()
	wanted, err := database.Ledger().ToArchive(ctx, act.origin, act.until)
	if err != nil {
		return err
	}
	shelf := ledger.NewShelf(act.config.Ledger.Archive)
	archived, err := shelf.Put(ctx, database.Ledger(), wanted, options)
	if err == nil {
		err = database.RecordArchive(ctx, archived, act.by, time.Now())
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "entries %d to %d of %s are archived and verified: %s\nnothing was deleted; another person may run kapok ledger prune\n",
		wanted.First, wanted.Size-1, wanted.Origin, shelf.Folder(wanted))
	return err
}

// pruneLedger is `kapok ledger prune`: the second look, and then the deletion.
func pruneLedger(ctx context.Context, args []string, out io.Writer) error {
	act, err := parseArchiveAct("prune", args)
	if err != nil {
		return err
	}
	if act.reason == "" {
		return errArchiveUsage
	}
	database, options, err := act.open(ctx)
	if err != nil {
		return err
	}
	defer database.Close()
	recorded, err := database.Ledger().LastArchive(ctx, act.origin)
	if err != nil {
		return err
	}
	archived, err := ledger.NewShelf(act.config.Ledger.Archive).Look(ctx, database.Ledger(), recorded, options)
	if err != nil {
		return err
	}
	upto, err := database.Prune(ctx, postgres.Pruning{Archive: archived, By: act.by, Reason: act.reason, At: time.Now()})
	if err != nil {
		return err
	}
	if err := database.FreeRanges(ctx); err != nil {
		fmt.Fprintln(out, "room was not given back yet; the database reuses it:", err)
	}
	_, err = fmt.Fprintf(out, "the archive was verified again; of %s the database now holds entries from %d on\n", act.origin, upto)
	return err
}

// listMonths is `kapok ledger months`.
func listMonths(ctx context.Context, args []string, out io.Writer) error {
	c, words, err := configOf("months", args)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return errors.New("usage: kapok ledger months --config FILE")
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{})
	if err != nil {
		return err
	}
	defer database.Close()
	months, err := database.Ledger().Months(ctx)
	for _, one := range months {
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\n", one.Origin, one.Month.Format("2006-01"), one.First, one.Size)
	}
	return err
}
