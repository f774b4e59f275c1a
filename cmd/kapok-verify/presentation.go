package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/licence"
)

const presentationUsage = `usage: kapok-verify presentation [--bundle FILE] [--json] FILE|-

  FILE           what a person showed offline, as a scanner read it; - reads standard input
  --bundle FILE  the pinned trust (default kapok-bundle.json)
  --json         print the steps as JSON

It asks no network. It cannot tell whether a licence was abolished since it was shown,
nor whether the same code was shown before: it says so each time. A presentation is
believed for five minutes by this machine's clock.

exit: 0 it is true, 1 it is not, 2 nothing could be decided
`

// offlineReport is what is printed of an offline presentation.
type offlineReport struct {
	OK         bool                     `json:"ok"`
	Steps      []offlineStep            `json:"steps"`
	NotChecked []string                 `json:"not_checked"`
	Licences   []licence.OfflineLicence `json:"licences,omitempty"` // only of a true one
	Made       time.Time                `json:"made,omitzero"`
	Expires    time.Time                `json:"expires,omitzero"`
	Purpose    string                   `json:"purpose,omitempty"`
}

type offlineStep struct {
	Name   string `json:"name"`
	Status string `json:"status"` // pass, fail, undecided
	Why    string `json:"why,omitempty"`
}

func verifyPresentation(_ context.Context, args []string, t terminal) (int, error) {
	flags := flag.NewFlagSet("presentation", flag.ContinueOnError)
	bundle := flags.String("bundle", pinned, "")
	asJSON := flags.Bool("json", false, "")
	if done, code, err := parse(t, flags, args, 1, presentationUsage); done {
		return code, err
	}
	trust, err := readFile(*bundle)
	if err != nil {
		return exitTrouble, fmt.Errorf("the bundle: %w", err)
	}
	roots, err := parseRoots(trust)
	if err != nil {
		return exitTrouble, fmt.Errorf("the bundle: %w", err)
	}
	raw, err := readReceipt(flags.Arg(0), t.in)
	if err != nil {
		return exitTrouble, err
	}
	shown, err := licence.ParseOffline(string(raw))
	if err != nil {
		return exitTrouble, err
	}
	report, code := judge(shown, roots, time.Now())
	if *asJSON {
		return code, encode(t.out, report)
	}
	return code, printPresentation(t.out, report)
}

func judge(shown licence.SignedOffline, roots []*pki.Certificate, now time.Time) (offlineReport, int) {
	report, code := offlineReport{OK: true}, exitTrue
	for _, limit := range licence.OfflineLimits() {
		report.NotChecked = append(report.NotChecked, limit.Name+": "+limit.Zh+" "+limit.En)
	}
	for _, step := range shown.Verify(bothLibraries(), roots, now) {
		said := offlineStep{Name: step.Name, Status: "pass"}
		if step.Err != nil {
			said.Status, said.Why, report.OK, code = "fail", step.Err.Error(), false, exitFalse
		}
		if errors.Is(step.Err, sm.ErrUndecided) { // never "forged": the libraries differ
			said.Status, code = "undecided", exitTrouble
		}
		report.Steps = append(report.Steps, said)
	}
	if report.OK {
		report.Licences, report.Made, report.Expires, report.Purpose = shown.Licences, shown.Made, shown.Expires, shown.Purpose
	}
	return report, code
}

// printPresentation quotes values: they must not steer a terminal.
func printPresentation(out io.Writer, report offlineReport) error {
	var page bytes.Buffer
	for _, step := range report.Steps {
		fmt.Fprintf(&page, "%-11s%-14s%s\n", step.Status, step.Name, step.Why)
	}
	for _, limit := range report.NotChecked {
		fmt.Fprintf(&page, "%-11s%s\n", "not checked", " "+limit)
	}
	if !report.OK {
		page.WriteString("\nNOT TRUE 不实或无法判断: rely on nothing of it; ask for a new code, or verify online.\n")
	} else {
		fmt.Fprintf(&page, "\nTRUE 属实, as of %s\n", report.Made.Format(time.RFC3339))
		for _, l := range report.Licences {
			fmt.Fprintf(&page, "  %q %q\n    holder %q, number ends %q\n    issued by %q, until %q, %q\n", l.Name, l.Number, l.Holder, l.HolderEnds, l.Issuer, l.Expires, l.Identifier)
		}
		if report.Purpose != "" {
			fmt.Fprintf(&page, "  shown only for %q\n", report.Purpose)
		}
	}
	_, err := out.Write(page.Bytes())
	return err
}
