package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"kapok/gateway/ledger"
)

const consistencyUsage = `usage: kapok-verify consistency [--bundle FILE] [--json] (--log FOLDER | --proof FILE) OLD NEW

  OLD, NEW       two signed checkpoints (FORMAT.md §4)
  --log FOLDER   an exported log to make the proof from
  --proof FILE   a proof, as "kapok ledger prove-consistency" wrote it (§12)
  --bundle FILE  the pinned trust (default kapok-bundle.json)
  --json         print the steps as JSON

exit: 0 NEW continues OLD, 1 it does not, 2 nothing could be decided
`

// continuation is what leads from one checkpoint to another, and is not believed.
type continuation struct {
	path [][]byte
	keys []ledger.KeyChain
}

func verifyConsistency(_ context.Context, args []string, t terminal) (int, error) {
	flags := flag.NewFlagSet("consistency", flag.ContinueOnError)
	bundle := flags.String("bundle", pinned, "")
	folder := flags.String("log", "", "")
	proof := flags.String("proof", "", "")
	asJSON := flags.Bool("json", false, "")
	if done, code, err := parse(t, flags, args, 2, consistencyUsage); done {
		return code, err
	}
	if (*folder == "") == (*proof == "") {
		return exitTrouble, errUsage
	}
	trust, err := readBundle(*bundle)
	if err != nil {
		return exitTrouble, err
	}
	older, err := readFile(flags.Arg(0))
	if err != nil {
		return exitTrouble, fmt.Errorf("the older checkpoint: %w", err)
	}
	newer, err := readFile(flags.Arg(1))
	if err != nil {
		return exitTrouble, fmt.Errorf("the newer checkpoint: %w", err)
	}
	made, err := continuationOf(*folder, *proof, string(older), string(newer))
	if err != nil {
		return exitTrouble, err
	}
	report := ledger.VerifyConsistency(string(older), string(newer), made.path, made.keys, trust, bothLibraries())
	print := printConsistency
	if *asJSON {
		print = printJSON
	}
	return truth(report.OK()), print(t.out, report)
}

func continuationOf(folder, proof, older, newer string) (continuation, error) {
	if proof != "" {
		return readProof(proof)
	}
	return proveFrom(folder, older, newer)
}

func readProof(path string) (continuation, error) {
	raw, err := readFile(path)
	if err != nil {
		return continuation{}, fmt.Errorf("the proof: %w", err)
	}
	proof, err := ledger.ParseConsistency(raw)
	return continuation{proof.Proof, proof.Keys}, err
}

// proveFrom makes the proof that there should be; where the checkpoints cannot be
// read or run backwards there is none, and the verification says why.
func proveFrom(folder, older, newer string) (continuation, error) {
	log, err := ledger.OpenExport(os.DirFS(folder))
	if err != nil {
		return continuation{}, err
	}
	made := continuation{keys: log.Keys}
	first, errFirst := ledger.ParseCheckpoint(older)
	second, errSecond := ledger.ParseCheckpoint(newer)
	if errFirst != nil || errSecond != nil || first.Size > second.Size {
		return made, nil
	}
	made.path, err = log.Prove(first.Size, second.Size)
	return made, err
}

func printConsistency(out io.Writer, report ledger.Report) error {
	var page bytes.Buffer
	for _, step := range report.Steps {
		printStep(&page, step)
	}
	if report.OK() {
		page.WriteString("\nTRUE 前后一致: the newer log is the older one, continued.\n")
	} else {
		page.WriteString("\nNOT TRUE 前后不一致: it is not shown that the newer log continues the older one.\n")
	}
	_, err := out.Write(page.Bytes())
	return err
}
