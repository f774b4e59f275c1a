package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"kapok/gateway"
	"kapok/gateway/postgres"
)

func unknown(err error) bool {
	return err != nil && gateway.AsError(err).Kind == gateway.NotFound
}

// expireMessages is `kapok ledger expire --config FILE`: what is past its time goes.
func expireMessages(ctx context.Context, args []string, out io.Writer) error {
	c, words, err := configOf("expire", args)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return errors.New("usage: kapok ledger expire --config FILE")
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{})
	if err != nil {
		return err
	}
	defer database.Close()
	gone, err := database.ExpireMessages(ctx, time.Now(), operator)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d messages were past their time and are deleted\n", gone)
	return err
}

// eraseSubject is `kapok ledger erase --config FILE --subject REF --reason TEXT`.
func eraseSubject(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("erase", flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	subject := flags.String("subject", "", "the person's subject_ref, 32 hex digits")
	reason := flags.String("reason", "", "why, for the record")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *subject == "" || *reason == "" {
		return errors.New("usage: kapok ledger erase --config FILE --subject REF --reason TEXT")
	}
	c, err := readConfig(*path)
	if err != nil {
		return err
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{})
	if err != nil {
		return err
	}
	defer database.Close()
	erased, err := database.EraseSubject(ctx, postgres.Erasure{Subject: *subject, Actor: operator, Reason: *reason, At: time.Now()})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "erased: %d entries' openings, %d messages, %d keys; every entry and proof stands\n", erased.Openings, erased.Messages, erased.Keys)
	return err
}
