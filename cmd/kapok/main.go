// Command kapok is the gateway: it serves a district's data sharing and e-licence
// exchange, and holds the operator's tools.
//
// Each subcommand is one file and one line in the table below. It must not hold
// domain rules: it reads the configuration, joins the parts, and starts them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"kapok/crypto/sm"
)

type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"serve", "run one node; needs a configuration and PostgreSQL", serve},
		{"dev", "a trial on this machine: private PostgreSQL, sandbox, demonstration", dev},
		{"migrate", "bring the database to this release's schema", migrate},
		{"keys", "enrol, list and revoke the keys of departments' systems", systemKeys},
		{"secret", "keep a source's secret in the file backend, read from standard input", putSecret},
		{"catalog", "check, plan, apply, confirm and export the catalogue", catalogCommand},
		{"connector", "try one item's source: what is sent, what comes, how it is mapped, what fails", connectorCommand},
		{"policy", "check, test and explain policies; replay what was decided by a changed set", policyCommand},
		{"bundle", "print the trust bundle that kapok-verify pins", bundle},
		{"ledger", "evidence of a use; a log's files and proofs; what is past its time; erasure", ledgerCommand},
		{"federation", "make a keeper's key, sign and read the list of a federation's members", federationCommand},
		{"returns", "data returned in batches: receive, status, lineage; propose and confirm what two persons do", returnsCommand},
		{"bench", "measure the whole path against a bare proxy", bench},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kapok:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(out)
		return nil
	}
	// GM/T 0028 asks of a module that its known answers come first; a failing one stops
	// the program.
	if err := sm.SelfTest(); err != nil {
		return fmt.Errorf("self-test of the cryptography: %w", err)
	}
	for _, known := range commands() {
		if known.name == args[0] {
			return known.run(ctx, args[1:], out)
		}
	}
	usage(out)
	return errors.New("no such command")
}

func usage(out io.Writer) {
	fmt.Fprint(out, "Kapok 红棉 — the district's data sharing and e-licence gateway\n\nusage: kapok COMMAND [flags]\n\n")
	for _, known := range commands() {
		fmt.Fprintf(out, "  %-9s %s\n", known.name, known.summary)
	}
}
