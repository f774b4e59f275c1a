package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"kapok/gateway/ledger"
)

func printJSON(out io.Writer, report ledger.Report) error {
	return encode(out, struct {
		OK bool `json:"ok"`
		ledger.Report
	}{report.OK(), report})
}

func encode(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func printText(out io.Writer, report ledger.Report) error {
	var page bytes.Buffer
	for _, step := range report.Steps {
		printStep(&page, step)
	}
	page.WriteByte('\n')
	if !report.OK() {
		page.WriteString("NOT TRUE 回执不实: a step failed, so nothing in this receipt is to be relied on.\n")
	} else {
		page.WriteString("TRUE 回执属实\n\n")
		tell(&page, report.Told)
	}
	_, err := out.Write(page.Bytes())
	return err
}

func printStep(page *bytes.Buffer, step ledger.Step) {
	fmt.Fprintf(page, "%-8s%-14s%s\n", step.Status, step.Name, step.Why)
}

// tell prints what a true receipt says. Values are quoted: they come from whoever
// gave the receipt, and must not steer a terminal.
func tell(page *bytes.Buffer, told *ledger.Evidence) {
	fmt.Fprintf(page, "what      %s\n", told.Kind)
	if told.Ref != "" {
		fmt.Fprintf(page, "reference %s\n", told.Ref)
	}
	fmt.Fprintf(page, "when      %s\n", told.At.Format(time.RFC3339Nano))
	fmt.Fprintf(page, "sealed    %s\n", told.Sealed.Format(time.RFC3339Nano))
	fmt.Fprintf(page, "where     %s, entry %d of %d\n", told.Origin, told.Index, told.Size)
	for _, field := range told.Shown {
		fmt.Fprintf(page, "  %-22s %q\n", field.Name, field.Value)
	}
	if len(told.Hidden) > 0 {
		fmt.Fprintf(page, "not shown %s\n", strings.Join(told.Hidden, ", "))
	}
}
