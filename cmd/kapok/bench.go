package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	benchmark "kapok/gateway/bench"
)

// bench measures the whole path beside a bare proxy. Its hidden word proxy is what
// it starts itself with, to be such a proxy.
func bench(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 1 && args[0] == "proxy" {
		return benchmark.Proxy(ctx, os.Stdin, out)
	}
	options := benchmark.Options{Progress: func(step string) { fmt.Fprintln(os.Stderr, "…", step) }}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&options.Sandbox, "sandbox", "", "the binary of kapok-sandbox (default: beside this program)")
	flags.IntVar(&options.Connections, "connections", 64, "connections of the load generator")
	flags.IntVar(&options.Systems, "systems", 100, "calling systems")
	flags.IntVar(&options.Citizens, "citizens", 10_000, "citizens, each with a consent")
	flags.IntVar(&options.Rounds, "rounds", 3, "turns of all contenders; the figures are medians")
	flags.DurationVar(&options.Warm, "warm", 0, "before each window (default 2s)")
	flags.DurationVar(&options.Window, "window", 0, "measured in each turn (default 8s)")
	flags.StringVar(&options.Dir, "dir", "", "folder on the disk to measure with (default /var/tmp)")
	flags.StringVar(&options.JSON, "json", "", "write the result to this file as well")
	flags.StringVar(&options.Profiles, "profiles", "", "keep Kapok's CPU profiles in this folder, for go tool pprof")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return benchmark.Run(ctx, options, out)
}
