package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

// maxFile bounds what is read of a file, in bytes; no receipt or bundle is as long.
const maxFile = 4 << 20

func verifyReceipt(asked request, in io.Reader, out io.Writer) (int, error) {
	pinned, err := readBundle(asked.bundle)
	if err != nil {
		return exitTrouble, err
	}
	raw, err := readReceipt(asked.receipt, in)
	if err != nil {
		return exitTrouble, err
	}
	report := ledger.VerifyReceipt(raw, pinned, sm.NewVerifier(sm.VerifierOptions{Both: true}))
	print := printText
	if asked.json {
		print = printJSON
	}
	if err := print(out, report); err != nil {
		return exitTrouble, err
	}
	if !report.OK() {
		return exitFalse, nil
	}
	return exitTrue, nil
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
