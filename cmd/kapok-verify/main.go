// Command kapok-verify tells whether a receipt of Kapok is true: offline, against
// pinned trust, naming every step. It is for citizens, auditors and courts, who
// need not trust the server that the receipt came from.
//
// It must not import a database or an HTTP server, and it asks both SM2 libraries
// about every signature.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"kapok/crypto/sm"
)

// Exit codes.
const (
	exitTrue    = 0 // every step passed
	exitFalse   = 1 // a step failed
	exitTrouble = 2 // nothing was decided: wrong usage, a file that cannot be read
)

const usage = `kapok-verify tells, offline, whether a receipt of Kapok is true.

usage: kapok-verify receipt [--bundle FILE] [--json] RECEIPT
       kapok-verify RECEIPT           the same, with the default bundle

  RECEIPT        a receipt as Kapok gave it (FORMAT.md); - reads standard input
  --bundle FILE  the pinned trust (default kapok-bundle.json); get it from the
                 district by a way of its own, not from where the receipt came
  --json         print the steps as JSON

exit: 0 the receipt is true, 1 it is not, 2 nothing could be decided

Not built yet: log, consistency, witness, disclosure, licence.
`

var errUsage = errors.New("wrong usage; kapok-verify --help explains it")

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, in io.Reader, out, complaints io.Writer) int {
	code, err := dispatch(args, in, out)
	if err != nil {
		fmt.Fprintln(complaints, "kapok-verify:", err)
		return exitTrouble
	}
	return code
}

// later are subcommands that will come; a file of that name needs ./ before it.
var later = map[string]bool{"log": true, "consistency": true, "witness": true, "disclosure": true, "licence": true}

func dispatch(args []string, in io.Reader, out io.Writer) (int, error) {
	if len(args) == 0 {
		return exitTrouble, errUsage
	}
	switch first := args[0]; {
	case first == "-h" || first == "--help" || first == "-help" || first == "help":
		_, err := io.WriteString(out, usage)
		return exitTrue, err
	case first == "evidence":
		return verifyEvidence(args[1:], out)
	case later[first]:
		return exitTrouble, fmt.Errorf("%s is not built yet", first)
	case first == "receipt":
		args = args[1:]
	}
	asked, err := parseFlags(args)
	if errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(out, usage)
		return exitTrue, err
	}
	if err != nil {
		return exitTrouble, err
	}
	if err := sm.SelfTest(); err != nil {
		return exitTrouble, fmt.Errorf("the SM algorithms do not give their known answers on this machine: %w", err)
	}
	return verifyReceipt(asked, in, out)
}

// request is what the command line asks for.
type request struct {
	bundle, receipt string
	json            bool
}

func parseFlags(args []string) (request, error) {
	var asked request
	flags := flag.NewFlagSet("kapok-verify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&asked.bundle, "bundle", "kapok-bundle.json", "")
	flags.BoolVar(&asked.json, "json", false, "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return request{}, err
		}
		return request{}, errUsage
	}
	if flags.NArg() != 1 {
		return request{}, errUsage
	}
	asked.receipt = flags.Arg(0)
	return asked, nil
}
