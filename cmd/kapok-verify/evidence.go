package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
)

const evidenceUsage = `usage: kapok-verify evidence [--bundle FILE] [--tsa-root FILE] [--witness KEY]… [--json] EVIDENCE

  EVIDENCE       the file that "kapok ledger evidence" wrote (FORMAT.md §10)
  --bundle FILE  the pinned trust (default kapok-bundle.json)
  --tsa-root FILE  root certificate (DER) of a time-stamp authority that you trust;
                 without one, time-stamps are checked in themselves only
  --witness KEY  key of a witness that you trust, as "kapok-verify witness" prints it; may be
                 repeated; without one, cosignatures are not judged
  --json         print the steps as JSON

exit: 0 the evidence is true, 1 it is not, 2 nothing could be decided
`

// maxEvidence bounds what is read, in bytes.
const maxEvidence = 32 << 20

// verifyEvidence tells whether a bundle of evidence is true.
func verifyEvidence(_ context.Context, args []string, t terminal) (int, error) {
	flags := flag.NewFlagSet("evidence", flag.ContinueOnError)
	bundle := flags.String("bundle", pinned, "")
	authority := flags.String("tsa-root", "", "")
	var witnesses []ledger.WitnessKey
	flags.Func("witness", "", func(printed string) error {
		key, err := ledger.ParseWitnessKey(printed)
		witnesses = append(witnesses, key)
		return err
	})
	asJSON := flags.Bool("json", false, "")
	if done, code, err := parse(t, flags, args, 1, evidenceUsage); done {
		return code, err
	}
	trust, err := readBundle(*bundle)
	if err != nil {
		return exitTrouble, err
	}
	file, err := readEvidence(flags.Arg(0))
	if err != nil {
		return exitTrouble, err
	}
	authorities, err := readAuthority(*authority)
	if err != nil {
		return exitTrouble, err
	}
	report := evidence.VerifyBy(file, evidence.Trust{Pinned: trust, Authorities: authorities, Witnesses: witnesses}, bothLibraries())
	print := printEvidence
	if *asJSON {
		print = printEvidenceJSON
	}
	return truth(report.OK()), print(t.out, report)
}

func readAuthority(path string) ([][]byte, error) {
	if path == "" {
		return nil, nil
	}
	root, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("the time-stamp authority's root: %w", err)
	}
	return [][]byte{root}, nil
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
