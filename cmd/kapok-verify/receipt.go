package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

const receiptUsage = `usage: kapok-verify receipt [--bundle FILE] [--json] [--at TIME] [--resealed RECEIPT [--continues PROOF]] RECEIPT
       kapok-verify RECEIPT           the same, with the default bundle

  RECEIPT        a receipt as Kapok gave it (FORMAT.md); - reads standard input
  --bundle FILE  the pinned trust (default kapok-bundle.json)
  --json         print the steps as JSON
  --at TIME      say what the signature rests on at that time (RFC 3339); --resealed alone: now
  --resealed RECEIPT  of the entry by which the checkpoint was sealed again (§16)
  --continues PROOF   from the receipt's checkpoint to the one sealed again, where it is another (§12)
`

// maxFile bounds what is read of a file, in bytes; no receipt or bundle is as long.
const maxFile = 4 << 20

// pinned is the name of the bundle where nobody gives another.
const pinned = "kapok-bundle.json"

// bothLibraries asks both SM2 libraries about every signature.
func bothLibraries() *sm.Verifier { return sm.NewVerifier(sm.VerifierOptions{Both: true}) }

func verifyReceipt(_ context.Context, args []string, t terminal) (int, error) {
	flags := flag.NewFlagSet("receipt", flag.ContinueOnError)
	bundle := flags.String("bundle", pinned, "")
	asJSON := flags.Bool("json", false, "")
	var later later
	flags.StringVar(&later.at, "at", "", "")
	flags.StringVar(&later.receipt, "resealed", "", "")
	flags.StringVar(&later.proof, "continues", "", "")
	if done, code, err := parse(t, flags, args, 1, receiptUsage); done {
		return code, err
	}
	trust, err := readBundle(*bundle)
	if err != nil {
		return exitTrouble, err
	}
	raw, err := readReceipt(flags.Arg(0), t.in)
	if err != nil {
		return exitTrouble, err
	}
	report, err := later.verify(raw, trust)
	if err != nil {
		return exitTrouble, err
	}
	print := printText
	if *asJSON {
		print = printJSON
	}
	return truth(report.OK()), print(t.out, report)
}

// later asks of a receipt what it rests on when its certificate has ended.
type later struct{ at, receipt, proof string }

func (l later) verify(raw []byte, trust ledger.Bundle) (ledger.Report, error) {
	if l.at == "" && l.receipt == "" && l.proof == "" {
		return ledger.VerifyReceipt(raw, trust, bothLibraries()), nil
	}
	if l.proof != "" && l.receipt == "" {
		return ledger.Report{}, errUsage
	}
	at, again := time.Now(), ledger.Resealing{}
	var err error
	if l.at != "" {
		if at, err = time.Parse(time.RFC3339, l.at); err != nil {
			return ledger.Report{}, errors.New("--at is a time as RFC 3339 writes it, such as 2030-01-31T00:00:00Z")
		}
	}
	if l.receipt != "" {
		if again.Receipt, err = readFile(l.receipt); err != nil {
			return ledger.Report{}, fmt.Errorf("the receipt of the re-sealing: %w", err)
		}
		again.Receipt = bytes.TrimSuffix(again.Receipt, []byte("\n"))
	}
	if l.proof != "" {
		if again.Consistency, err = readFile(l.proof); err != nil {
			return ledger.Report{}, fmt.Errorf("the proof: %w", err)
		}
	}
	return ledger.VerifyResealed(raw, again, at, trust, bothLibraries()), nil
}

func readBundle(path string) (ledger.Bundle, error) {
	raw, err := readFile(path)
	if err != nil {
		return ledger.Bundle{}, fmt.Errorf("the bundle: %w", err)
	}
	return ledger.ParseBundle(raw)
}

// readReceipt lets one line end pass after the receipt, which tools like to add.
func readReceipt(path string, in io.Reader) ([]byte, error) {
	var raw []byte
	var err error
	if path == "-" {
		raw, err = readAll(in)
	} else {
		raw, err = readFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the receipt: %w", err)
	}
	return bytes.TrimSuffix(raw, []byte("\n")), nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file)
}

func readAll(from io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = fmt.Errorf("it is longer than %d bytes", maxFile)
	}
	return raw, err
}
