package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"kapok/cmd/kapok-sandbox/returning"
)

// deliver writes what a national department returns and prints the manifest's path.
func deliver(ctx context.Context, args []string, out io.Writer) error {
	o := returning.Order{Now: time.Now()}
	flags := flag.NewFlagSet("return", flag.ContinueOnError)
	flags.StringVar(&o.Folder, "to", "var/dev/returned", "folder for the files")
	flags.StringVar(&o.Keys, "dir", defaultDir, "folder of the departments' keys")
	flags.IntVar(&o.Version, "version", 1, "of the data")
	flags.IntVar(&o.Rows, "rows", 100, "how many citizens are in it")
	flags.IntVar(&o.First, "first", 0, "index of the first citizen")
	flags.BoolVar(&o.GB18030, "gb18030", false, "write GB 18030 in the place of UTF-8")
	flags.StringVar(&o.Fault, "fault", "", "what goes wrong: "+strings.Join(slices.Sorted(maps.Keys(returning.Faults)), ", "))
	if err := parse(flags, args); err != nil {
		return err
	}
	path, err := returning.Deliver(ctx, o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, path)
	return err
}
