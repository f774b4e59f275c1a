package main

import (
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"

	"kapok/cmd/kapok-sandbox/demo"
)

// runDemo drives the demonstration.
func runDemo(ctx context.Context, args []string, out io.Writer) error {
	options := demo.Options{Out: out, Colour: isTerminal(out) && os.Getenv("NO_COLOR") == ""}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar(&options.Kapok, "kapok", "http://127.0.0.1:8640", "Kapok's address")
	flags.StringVar(&options.Bundle, "bundle", "var/dev/bundle.json", "the pinned trust bundle, as \"kapok bundle\" prints it")
	flags.StringVar(&options.Dir, "dir", defaultDir, "folder of the departments' keys; the receipt is left there")
	flags.StringVar(&options.Verify, "verify", besideThis("kapok-verify"), "the kapok-verify program")
	if err := parse(flags, args); err != nil {
		return err
	}
	return demo.Run(ctx, options)
}

// besideThis is where a program of the same build lies.
func besideThis(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
