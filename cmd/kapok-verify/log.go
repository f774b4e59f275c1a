package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"kapok/gateway/ledger"
)

const logUsage = `usage: kapok-verify log [--bundle FILE] [--all] [--json] FOLDER

  FOLDER         a log, or a range of one, as "kapok ledger export" wrote it
                 (FORMAT.md §11)
  --bundle FILE  the pinned trust (default kapok-bundle.json)
  --all          check every checkpoint's signature, not only the last one's and
                 those where the key changes
  --json         print the steps as JSON

Every entry, every root and every file is checked in any case.
`

func verifyLog(ctx context.Context, args []string, t terminal) (int, error) {
	flags := flag.NewFlagSet("log", flag.ContinueOnError)
	bundle := flags.String("bundle", pinned, "")
	all := flags.Bool("all", false, "")
	asJSON := flags.Bool("json", false, "")
	if done, code, err := parse(t, flags, args, 1, logUsage); done {
		return code, err
	}
	trust, err := readBundle(*bundle)
	if err != nil {
		return exitTrouble, err
	}
	folder := flags.Arg(0)
	if _, err := os.ReadDir(folder); err != nil {
		return exitTrouble, fmt.Errorf("the log: %w", err)
	}
	report, err := ledger.VerifyLog(ctx, os.DirFS(folder), ledger.LogOptions{Bundle: trust, Verifier: bothLibraries(), All: *all})
	if err != nil {
		return exitTrouble, err
	}
	print := printLog
	if *asJSON {
		print = printLogJSON
	}
	return truth(report.OK()), print(t.out, report)
}

func printLogJSON(out io.Writer, report ledger.LogReport) error {
	return encode(out, struct {
		OK bool `json:"ok"`
		ledger.LogReport
	}{report.OK(), report})
}

// printLog quotes what comes from the log, which must not steer a terminal.
func printLog(out io.Writer, report ledger.LogReport) error {
	var page bytes.Buffer
	for _, step := range report.Steps {
		printLogStep(&page, step)
	}
	page.WriteByte('\n')
	if report.OK() {
		page.WriteString("TRUE 存证日志属实\n\n")
		told := report.Told
		fmt.Fprintf(&page, "log         %s\nentries     %d to %d\nsealed      %s\ncheckpoints %d, by %d keys\n",
			told.Origin, told.First, told.Size-1, told.Sealed.Format(time.RFC3339Nano), told.Checkpoints, told.Keys)
	} else {
		page.WriteString("NOT TRUE 存证日志不实: a step failed; each place is named above.\n")
	}
	_, err := out.Write(page.Bytes())
	return err
}

func printLogStep(page *bytes.Buffer, step ledger.LogStep) {
	if len(step.Faults) == 0 {
		printStep(page, step.Step)
		return
	}
	fmt.Fprintf(page, "%-8s%s\n", step.Status, step.Name)
	for _, fault := range step.Faults {
		place := strconv.Quote(fault.File)
		if fault.Entry != nil {
			place += fmt.Sprintf(", entry %d", *fault.Entry)
		}
		fmt.Fprintf(page, "        %s: %s\n", place, fault.Why)
	}
	if step.More > 0 {
		fmt.Fprintf(page, "        and %d more\n", step.More)
	}
}
