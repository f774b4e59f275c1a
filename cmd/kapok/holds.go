package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// Legal holds keep what the record holds of a person, or of a range of entries, from
// expiry and erasure. Placing and lifting one are entries of the ledger.

// onRecord reads a command's own flags beside --config and opens the database.
func onRecord(ctx context.Context, flags *flag.FlagSet, args []string, complete func() bool, usage string) (*postgres.DB, error) {
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 || !complete() {
		return nil, errors.New(usage)
	}
	c, err := readConfig(*path)
	if err != nil {
		return nil, err
	}
	return postgres.Open(ctx, c.Database.URL, postgres.Options{Shelf: c.shelf()})
}

func placeHold(ctx context.Context, args []string, out io.Writer) error {
	hold := postgres.LegalHold{At: time.Now()}
	flags := flag.NewFlagSet("hold", flag.ContinueOnError)
	flags.StringVar(&hold.Subject, "subject", "", "the person's subject_ref, 32 hex digits")
	flags.StringVar(&hold.Entries.Origin, "origin", "", "name of the log whose entries are held")
	flags.Uint64Var(&hold.Entries.First, "from", 0, "index of the first of them")
	flags.Uint64Var(&hold.Entries.Size, "upto", 0, "index after the last of them")
	flags.StringVar(&hold.By, "by", "", "who places it, for the record")
	flags.StringVar(&hold.Reason, "reason", "", "why, for the record: whose order")
	database, err := onRecord(ctx, flags, args, func() bool { return hold.By != "" && hold.Reason != "" },
		"usage: kapok ledger hold --config FILE (--subject REF | --origin LOG --from INDEX --upto INDEX) --by NAME --reason TEXT")
	if err != nil {
		return err
	}
	defer database.Close()
	id, err := database.PlaceHold(ctx, hold)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "hold %s is in force: nothing that it covers expires or is erased until it is lifted\n", id)
	return err
}

func liftHold(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("lift", flag.ContinueOnError)
	id := flags.String("hold", "", "the hold's id")
	by := flags.String("by", "", "who lifts it, for the record")
	reason := flags.String("reason", "", "why, for the record")
	database, err := onRecord(ctx, flags, args, func() bool { return *id != "" && *by != "" && *reason != "" },
		"usage: kapok ledger lift --config FILE --hold ID --by NAME --reason TEXT")
	if err != nil {
		return err
	}
	defer database.Close()
	if err := database.LiftHold(ctx, *id, *by, *reason, time.Now()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "hold %s is lifted\n", *id)
	return err
}

func listHolds(ctx context.Context, args []string, out io.Writer) error {
	database, err := onRecord(ctx, flag.NewFlagSet("holds", flag.ContinueOnError), args, func() bool { return true },
		"usage: kapok ledger holds --config FILE")
	if err != nil {
		return err
	}
	defer database.Close()
	holds, err := database.Holds(ctx)
	for _, one := range holds {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", one.ID, covered(one), one.At.UTC().Format(time.RFC3339), one.By, one.Reason)
	}
	return err
}

func covered(h postgres.LegalHold) string {
	if h.Subject != "" {
		return "person " + h.Subject
	}
	return entriesOf(h.Entries)
}

func entriesOf(r ledger.Range) string {
	return fmt.Sprintf("entries %d to %d of %s", r.First, r.Size-1, r.Origin)
}
