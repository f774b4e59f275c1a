package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
	"kapok/gateway/ledger/anchor"
	"kapok/gateway/postgres"
)

// paths is a flag that may be given more than once.
type paths []string

func (p *paths) String() string { return strings.Join(*p, ",") }

func (p *paths) Set(path string) error {
	*p = append(*p, path)
	return nil
}

// auditLedger is `kapok ledger audit`: everything is computed again from the database
// and compared with checkpoints that were kept outside it.
func auditLedger(ctx context.Context, args []string, out io.Writer) error {
	var anchors paths
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	pinned := flags.String("bundle", "", "the trust bundle, from where you keep it; empty: that of this node's keys")
	open := flags.Bool("messages", false, "open every message of the store, with this node's keys, and compare it with its entry's commitment")
	flags.Var(&anchors, "anchor", "file or folder of checkpoints kept outside the database; may be repeated; none: ledger.anchors")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := readConfig(*path)
	if err != nil {
		return err
	}
	options := ledger.AuditOptions{Verifier: sm.NewVerifier(sm.VerifierOptions{Both: true})}
	if options.Bundle, err = pinnedBundle(ctx, c, *pinned); err != nil {
		return err
	}
	if options.Anchors, err = readAnchors(c, anchors); err != nil {
		return err
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{Shelf: c.shelf()})
	if err != nil {
		return err
	}
	defer database.Close()
	options.Messages.Since = time.Now().AddDate(0, -leastKept, 0)
	if *open {
		ring, err := openKeyring(ctx, c.Keys, newLog(os.Stderr))
		if err != nil {
			return err
		}
		options.Messages.Open = newReader(database, ring).digest
	}
	report, err := database.Ledger().Audit(ctx, options)
	if err != nil {
		return err
	}
	return printAudit(out, report, len(options.Anchors))
}

// leastKept is the shortest time that a message is kept, in months (messages.Security).
const leastKept = 6

// digest is what an entry must commit to, for an audit.
func (r *recordReader) digest(ctx context.Context, kept ledger.Attachment) (string, error) {
	message, err := r.open(ctx, &kept)
	if err != nil || len(message) == 0 {
		return "", err
	}
	return evidence.Digest(message), nil
}

func pinnedBundle(ctx context.Context, c config, path string) (ledger.Bundle, error) {
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return ledger.Bundle{}, err
		}
		return ledger.ParseBundle(raw)
	}
	ring, err := openKeyring(ctx, c.Keys, newLog(os.Stderr))
	if err != nil {
		return ledger.Bundle{}, err
	}
	return ledger.ParseBundle((&node{config: c, keyring: ring}).bundle())
}

func readAnchors(c config, given paths) ([]string, error) {
	if len(given) == 0 && c.Ledger.Anchors != "" {
		given = paths{c.Ledger.Anchors}
	}
	var all []string
	for _, path := range given {
		kept, err := anchor.Read(path)
		if err != nil {
			return nil, err
		}
		all = append(all, kept...)
	}
	return all, nil
}

var errAltered = errors.New("the ledger was altered")

func printAudit(out io.Writer, report ledger.AuditReport, anchors int) error {
	for _, one := range report.Altered {
		fmt.Fprintf(out, "ALTERED\t%s\t%s\t%s\n", one.Origin, one.Where, one.What)
	}
	if report.More > 0 {
		fmt.Fprintf(out, "… and %d findings more\n", report.More)
	}
	fmt.Fprintf(out, "%d logs, %d entries, %d checkpoints, %d messages (%d of destroyed keys), against %d anchors: %s\n",
		report.Logs, report.Entries, report.Checkpoints, report.Messages, report.Unreadable, anchors, verdict(report))
	if anchors == 0 {
		fmt.Fprintln(out, "without an anchor, a tail that was cut off or a log that was written anew by a key's holder cannot be found")
	}
	if !report.OK() {
		return errAltered
	}
	return nil
}

func verdict(report ledger.AuditReport) string {
	if report.OK() {
		return "as sealed"
	}
	return "ALTERED"
}
