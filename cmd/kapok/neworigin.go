package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// newOrigin is `kapok ledger new-origin`: after the database was set back, the node's
// log is made final as it stands, and its next one opens with an entry that names what
// is lost. docs/recovery.md says when.
func newOrigin(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("new-origin", flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	reason := flags.String("reason", "", "why, for the record: which backup was restored, by whose order")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *reason == "" || flags.NArg() > 0 {
		return errors.New("usage: kapok ledger new-origin --config FILE --reason TEXT")
	}
	c, err := readConfig(*path)
	if err != nil {
		return err
	}
	log := newLog(os.Stderr)
	ring, err := openKeyring(ctx, c.Keys, log)
	if err != nil {
		return err
	}
	n := &node{config: c, log: log, keyring: ring}
	n.operational, err = keys.StartOperational(ctx, ring, keys.OperationalOptions{Name: c.Node, Life: c.Keys.Lifetime, Root: ring.Root(), Log: log})
	if err != nil {
		return err
	}
	defer n.operational.Close()
	if n.database, err = postgres.Open(ctx, c.Database.URL, postgres.Options{}); err != nil {
		return err
	}
	defer n.database.Close()
	if err := n.openAnchors(); err != nil {
		return err
	}
	return n.continueElsewhere(ctx, *reason, out)
}

// continueElsewhere adds nothing to the log that was set back: a checkpoint of it may
// be in somebody's hands that says otherwise.
func (n *node) continueElsewhere(ctx context.Context, reason string, out io.Writer) error {
	former, generation, err := n.retireOwn(ctx)
	if err != nil {
		return err
	}
	gap, err := n.gap(ctx, former, reason)
	if err != nil {
		return err
	}
	origin := originOf(n.config, generation+1)
	log, err := ledger.Open(ctx, n.database.Ledger(), ledger.Options{Origin: origin, Node: n.config.Node, Signing: n.ledgerSigning, Log: n.log})
	if err != nil {
		return err
	}
	_, err = log.Append(ctx, ledger.Append{Entry: func(ledger.Found) ledger.Entry { return gap }})
	if err == nil {
		_, err = closing.All(ctx, log, n.database.Ledger(), former, closing.LogWasBehind, n.config.Node)
	}
	if err := errors.Join(err, log.Close(ctx)); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is final as it stands: %s of %s entries\nthe node goes on as %s\n", former, gap.Value("stored"), gap.Value("anchored"), origin)
	return nil
}

// retireOwn makes the node's present log final without writing to it.
func (n *node) retireOwn(ctx context.Context) (origin string, generation int, err error) {
	for generation = 1; ; generation++ {
		origin = originOf(n.config, generation)
		lease := ledger.Lease{Origin: origin, Node: n.config.Node, Token: rand.Text(), For: time.Minute}
		err := n.database.Ledger().Take(ctx, lease)
		if errors.Is(err, ledger.ErrRetired) {
			continue
		}
		if err != nil {
			return "", 0, err
		}
		return origin, generation, n.database.Ledger().Retire(ctx, lease)
	}
}

// gap names what is lost: from the stored size up to the anchored one, and whatever
// came after the last anchor.
func (n *node) gap(ctx context.Context, former, reason string) (ledger.Entry, error) {
	stored, _, err := n.database.Ledger().Head(ctx, former)
	if err != nil {
		return ledger.Entry{}, err
	}
	anchored, err := n.floor(former)
	if err != nil {
		return ledger.Entry{}, err
	}
	fields := []ledger.Field{{Name: "log", Value: former}, {Name: "reason", Value: reason}}
	fields = append(fields, headFields("stored", stored)...)
	fields = append(fields, headFields("anchored", anchored)...)
	entry := ledger.Entry{Kind: ledger.GapKind, At: time.Now(), Fields: fields}
	return entry, entry.Check()
}

func headFields(name, signed string) []ledger.Field {
	head, err := ledger.ParseCheckpoint(signed)
	if err != nil {
		return []ledger.Field{{Name: name, Value: "0"}, {Name: name + "-root", Value: "none"}}
	}
	return []ledger.Field{{Name: name, Value: fmt.Sprint(head.Size)}, {Name: name + "-root", Value: fmt.Sprintf("%x", head.Root)}}
}
