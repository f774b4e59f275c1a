// Command kapok-verify tells whether what Kapok says is true: a receipt, a whole
// log, that one log continues another, what the seals of an e-licence are worth. It is for citizens, auditors and courts, who
// need not trust the server that it came from; and it witnesses logs from outside.
//
// It must not import a database or an HTTP server; only the witness speaks to a
// network at all. Trust comes from a pinned bundle, and both SM2 libraries are asked
// about every signature.
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

	"kapok/crypto/sm"
)

// Exit codes.
const (
	exitTrue    = 0 // every step passed
	exitFalse   = 1 // a step failed
	exitTrouble = 2 // nothing was decided: wrong usage, a file that cannot be read
)

// terminal is where a command reads and writes.
type terminal struct {
	in  io.Reader
	out io.Writer
}

// commands are what kapok-verify can do. A command prints its usage for -h.
func commands() map[string]func(ctx context.Context, args []string, t terminal) (int, error) {
	return map[string]func(context.Context, []string, terminal) (int, error){
		"receipt":     verifyReceipt,
		"disclosure":  disclose,
		"evidence":    verifyEvidence,
		"log":         verifyLog,
		"consistency": verifyConsistency,
		"witness":     runWitness,
		"licence":     verifyLicence,

		"presentation": verifyPresentation,
	}
}

const usage = `kapok-verify tells, offline, whether what Kapok says is true.

usage: kapok-verify COMMAND [flags]; kapok-verify COMMAND -h explains one

  receipt      one use of data: who, what, why; also kapok-verify RECEIPT
  disclosure   make a smaller receipt, which shows single fields only
  evidence     one file for a court or an archive
  log          a whole exported log: every entry, every root
  licence      a sealed e-licence or other OFD document; has exit codes of its own
  presentation what a person shows where there is no network
  consistency  that one checkpoint continues another
  witness      follow logs, cosign them, refuse a rollback or a fork

  --bundle FILE  of each: the pinned trust (default kapok-bundle.json); get it from
                 the district by a way of its own, not from where the rest came

exit: 0 it is true, 1 it is not, 2 nothing could be decided
`

var errUsage = errors.New("wrong usage; kapok-verify --help explains it")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], terminal{os.Stdin, os.Stdout}, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, t terminal, complaints io.Writer) int {
	code, err := dispatch(ctx, args, t)
	if err != nil {
		fmt.Fprintln(complaints, "kapok-verify:", err)
		return exitTrouble
	}
	return code
}

// dispatch takes a word that is no command for a receipt; a file that is named as a
// command is, needs ./ before it.
func dispatch(ctx context.Context, args []string, t terminal) (int, error) {
	if len(args) == 0 {
		return exitTrouble, errUsage
	}
	if asksForHelp(args[0]) {
		return print(t, usage)
	}
	if err := sm.SelfTest(); err != nil {
		return exitTrouble, fmt.Errorf("the SM algorithms do not give their known answers on this machine: %w", err)
	}
	if command, known := commands()[args[0]]; known {
		return command(ctx, args[1:], t)
	}
	return verifyReceipt(ctx, args, t)
}

func asksForHelp(word string) bool {
	return word == "-h" || word == "--help" || word == "-help" || word == "help"
}

func print(t terminal, text string) (int, error) {
	_, err := io.WriteString(t.out, text)
	return exitTrue, err
}

// parse reads a command's flags and wants so many words after them. done is true
// when the command has been answered already, with help or by an error.
func parse(t terminal, flags *flag.FlagSet, args []string, words int, help string) (done bool, code int, err error) {
	flags.SetOutput(io.Discard)
	err = flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		code, err = print(t, help)
		return true, code, err
	}
	if err != nil || words >= 0 && flags.NArg() != words {
		return true, exitTrouble, errUsage
	}
	return false, 0, nil
}

// truth is the exit code of a verification.
func truth(ok bool) int {
	if ok {
		return exitTrue
	}
	return exitFalse
}
