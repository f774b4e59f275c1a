package main

import (
	"context"
	"errors"
	"flag"
	"strings"

	"kapok/gateway/ledger"
)

const disclosureUsage = `usage: kapok-verify disclosure --show NAME,… [--bundle FILE] RECEIPT > SMALLER

  RECEIPT        a receipt; - reads standard input
  --show NAME,…  the fields that the smaller receipt shows; all others are hidden.
                 Empty shows none: it proves only that something was recorded
  --bundle FILE  the pinned trust (default kapok-bundle.json)

The smaller receipt proves the same entry: check it with kapok-verify receipt. A
field that the receipt does not show, because it was hidden or erased, cannot be
shown; that the entry commits to it stays proved.
`

// disclose gives out nothing that is not true as a whole.
func disclose(_ context.Context, args []string, t terminal) (int, error) {
	flags := flag.NewFlagSet("disclosure", flag.ContinueOnError)
	bundle := flags.String("bundle", pinned, "")
	var names []string
	asked := false
	flags.Func("show", "", func(list string) error {
		asked = true
		names = append(names, strings.FieldsFunc(list, func(r rune) bool { return r == ',' })...)
		return nil
	})
	if done, code, err := parse(t, flags, args, 1, disclosureUsage); done {
		return code, err
	}
	if !asked {
		return exitTrouble, errUsage
	}
	trust, err := readBundle(*bundle)
	if err != nil {
		return exitTrouble, err
	}
	raw, err := readReceipt(flags.Arg(0), t.in)
	if err != nil {
		return exitTrouble, err
	}
	if !ledger.VerifyReceipt(raw, trust, bothLibraries()).OK() {
		return exitTrouble, errors.New("the receipt is not true; kapok-verify receipt says why")
	}
	smaller, err := ledger.Disclose(raw, names)
	if err != nil {
		return exitTrouble, err
	}
	return print(t, string(smaller)+"\n")
}
