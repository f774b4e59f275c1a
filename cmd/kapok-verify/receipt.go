package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

const receiptUsage = `usage: kapok-verify receipt [--bundle FILE] [--json] RECEIPT
       kapok-verify RECEIPT           the same, with the default bundle

  RECEIPT        a receipt as Kapok gave it (FORMAT.md); - reads standard input
  --bundle FILE  the pinned trust (default kapok-bundle.json)
  --json         print the steps as JSON
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
	report := ledger.VerifyReceipt(raw, trust, bothLibraries())
	print := printText
	if *asJSON {
		print = printJSON
	}
	return truth(report.OK()), print(t.out, report)
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
