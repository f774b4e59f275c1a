package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"kapok/cmd/kapok-sandbox/demo"
	"kapok/cmd/kapok-sandbox/department"
)

// defaultDir is where a trial (kapok dev) keeps the keys.
const defaultDir = "var/dev/sandbox"

// makeKeys makes the departments' keys where they are missing and prints, for each
// system, its id and the file of its public key: what Kapok's operator enrols.
func makeKeys(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("keys", flag.ContinueOnError)
	dir := flags.String("dir", defaultDir, "folder of the keys; made where missing, for the owner alone")
	if err := parse(flags, args); err != nil {
		return err
	}
	for _, system := range demo.Systems() {
		if _, err := department.OpenKey(*dir, system); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\t%s\n", system, department.PublicFile(*dir, system)); err != nil {
			return err
		}
	}
	return nil
}
