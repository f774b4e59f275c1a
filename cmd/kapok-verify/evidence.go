package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/evidence"
)

const evidenceUsage = `kapok-verify evidence [--bundle FILE] [--json] EVIDENCE

  EVIDENCE       the file that "kapok ledger evidence" wrote (FORMAT.md §10)
  --bundle FILE  the pinned trust (default kapok-bundle.json)
  --json         print the steps as JSON

exit: 0 the evidence is true, 1 it is not, 2 nothing could be decided
`

// maxEvidence bounds what is read, in bytes.
const maxEvidence = 32 << 20

// verifyEvidence tells whether a bundle of evidence is true.
func verifyEvidence(args []string, out io.Writer) (int, error) {
	flags := flag.NewFlagSet("evidence", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	pinned := flags.String("bundle", "kapok-bundle.json", "")
	asJSON := flags.Bool("json", false, "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(out, evidenceUsage)
		return exitTrue, err
	}
	if err != nil || flags.NArg() != 1 {
		return exitTrouble, errUsage
	}
	if err := sm.SelfTest(); err != nil {
		return exitTrouble, fmt.Errorf("the SM algorithms do not give their known answers on this machine: %w", err)
	}
	trust, err := readBundle(*pinned)
	if err != nil {
		return exitTrouble, err
	}
	file, err := readEvidence(flags.Arg(0))
	if err != nil {
		return exitTrouble, err
	}
	report := evidence.Verify(file, trust, sm.NewVerifier(sm.VerifierOptions{Both: true}))
	print := printEvidence
	if *asJSON {
		print = printEvidenceJSON
	}
	if err := print(out, report); err != nil {
		return exitTrouble, err
	}
	if !report.OK() {
		return exitFalse, nil
	}
	return exitTrue, nil
}

func readEvidence(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the evidence: %w", err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxEvidence+1))
	if err == nil && len(raw) > maxEvidence {
		err = fmt.Errorf("the evidence is longer than %d bytes", maxEvidence)
	}
	return raw, err
}

func printEvidenceJSON(out io.Writer, report evidence.Report) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		OK bool `json:"ok"`
		evidence.Report
	}{report.OK(), report})
}

// printEvidence quotes what the bundle says: it must not steer a terminal.
func printEvidence(out io.Writer, report evidence.Report) error {
	var page bytes.Buffer
	for _, step := range report.Steps {
		fmt.Fprintf(&page, "%-8s%-14s%q\n", step.Status, step.Name, step.Why)
	}
	if !report.OK() {
		page.WriteString("\nNOT TRUE 证据不实: a step failed, so nothing in this file is to be relied on.\n")
	} else {
		page.WriteString("\nTRUE 证据属实\n")
		for _, one := range report.Told {
			fmt.Fprintf(&page, "\n%s  %s, sealed %s, %s entry %d of %d\n", one.Kind,
				one.At.Format(time.RFC3339Nano), one.Sealed.Format(time.RFC3339Nano), one.Origin, one.Index, one.Size)
			for _, field := range one.Shown {
				fmt.Fprintf(&page, "  %-22s %q\n", field.Name, field.Value)
			}
		}
	}
	_, err := out.Write(page.Bytes())
	return err
}
