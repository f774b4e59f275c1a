// Command kapok-sandbox plays the outside world for trials and tests of Kapok:
// the national sharing platform, the identity provider, and a department's
// system that asks for data. It speaks the real protocols, and everybody in it
// is made up. It is never part of an installation.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `kapok-sandbox plays the outside world for trials of Kapok.

  kapok-sandbox serve   the national sharing platform and the identity provider
  kapok-sandbox keys    the departments' keys: make them, write the public halves
  kapok-sandbox return  a national department's delivery of a dataset, sound or with a fault
  kapok-sandbox demo    drive the demonstration against a running Kapok

Each command explains its flags with -h.
`

// commands of the program. Each returns an error for a person to read.
var commands = map[string]func(ctx context.Context, args []string, out io.Writer) error{
	"serve": serve,
	"keys":  makeKeys,
	"demo":  runDemo,

	"return": deliver,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := realMain(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kapok-sandbox:", err)
		os.Exit(1)
	}
}

func realMain(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	run, known := commands[args[0]]
	if !known {
		return errors.New(usage)
	}
	err := run(ctx, args[1:], out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	return err
}

// parse reads a command's flags; a word that is no flag is an error.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes no words beside its flags", flags.Name())
	}
	return nil
}
