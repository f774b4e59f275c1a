package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/timestamp"
)

// stampCheckpoints is `kapok ledger stamp`: each log's last checkpoint gets a
// time-stamp of an authority. Run it once a day.
func stampCheckpoints(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("stamp", flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	authority := flags.String("tsa", "", "address of a time-stamp authority (RFC 3161 over HTTP)")
	rootFile := flags.String("tsa-root", "", "file of its root certificate, DER")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *authority == "" || *rootFile == "" {
		return errors.New("usage: kapok ledger stamp --config FILE --tsa ADDRESS --tsa-root FILE")
	}
	der, err := os.ReadFile(*rootFile)
	if err != nil {
		return err
	}
	root, err := pki.Parse(der)
	if err != nil {
		return err
	}
	return onHeads(ctx, *path, func(record *postgres.DB, note string, head ledger.Checkpoint) error {
		token, at, err := timestamp.Get(ctx, timestamp.ByHTTP(*authority), note, []*pki.Certificate{root}, sm.NewVerifier(sm.VerifierOptions{Both: true}))
		if err != nil {
			return err
		}
		if err := record.Ledger().KeepStamp(ctx, head.Origin, postgres.KeptStamp{Size: head.Size, At: at, Token: token}); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s: %d entries, stamped %s\n", head.Origin, head.Size, at.Format(time.RFC3339))
		return err
	})
}

// resealCheckpoints is `kapok ledger reseal`: an entry of the log of today commits to
// the last checkpoint of each log, so that it is sealed again by today's key. Run it
// before certificates or algorithms expire, also for logs that nobody writes any more.
func resealCheckpoints(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("reseal", flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return onHeads(ctx, *path, func(database *postgres.DB, note string, head ledger.Checkpoint) error {
		digest := sm.Sum([]byte(note))
		_, err := database.Record(ctx, ledger.Entry{Kind: ledger.ResealKind, At: time.Now(), Fields: []ledger.Field{
			{Name: "origin", Value: head.Origin},
			{Name: "size", Value: strconv.FormatUint(head.Size, 10)},
			{Name: "checkpoint", Value: fmt.Sprintf("%x", digest)},
		}}, "")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s: %d entries, sealed again\n", head.Origin, head.Size)
		return err
	})
}

// onHeads does something with the last checkpoint of each log.
func onHeads(ctx context.Context, path string, act func(database *postgres.DB, note string, head ledger.Checkpoint) error) error {
	c, err := readConfig(path)
	if err != nil {
		return err
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{Shelf: c.shelf()})
	if err != nil {
		return err
	}
	defer database.Close()
	notes, err := database.Ledger().Checkpoints(ctx)
	if err != nil {
		return err
	}
	for _, note := range notes {
		head, err := ledger.ParseCheckpoint(note)
		if err != nil {
			return err
		}
		if err := act(database, note, head); err != nil {
			return fmt.Errorf("%s: %w", head.Origin, err)
		}
	}
	return nil
}
