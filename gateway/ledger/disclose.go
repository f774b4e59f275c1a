package ledger

import (
	"fmt"
	"slices"
)

// Disclose makes of a receipt a smaller one that shows the named fields and hides
// all others; it proves the same entry. It checks what needs no trust: the form,
// the entry, that each field shown is the one committed to, and that the entry is
// in the tree that the checkpoint speaks of. A name that the receipt does not show,
// because it was hidden or erased, is an error.
func Disclose(raw []byte, names []string) ([]byte, error) {
	run := &verification{raw: raw}
	for _, check := range []func(*verification) (string, error){
		(*verification).form, (*verification).entry, (*verification).head,
		(*verification).inclusion, (*verification).openings,
	} {
		if _, err := check(run); err != nil {
			return nil, fmt.Errorf("ledger: the receipt is not true: %w", err)
		}
	}
	smaller := run.receipt
	smaller.Openings = nil
	for _, o := range run.receipt.Openings {
		if slices.Contains(names, o.Name) {
			smaller.Openings = append(smaller.Openings, o)
		}
	}
	for _, name := range names {
		if err := run.shows(name); err != nil {
			return nil, err
		}
	}
	return smaller.encode(), nil
}

func (run *verification) shows(name string) error {
	if !nameFits(name) {
		return fmt.Errorf("ledger: %q is not the name of a field", name)
	}
	if slices.ContainsFunc(run.receipt.Openings, func(o opening) bool { return o.Name == name }) {
		return nil
	}
	if _, committed := run.leaf.commitment(name); committed {
		return fmt.Errorf("ledger: the entry commits to field %s, and this receipt does not show it: it was hidden or erased", name)
	}
	return fmt.Errorf("ledger: the entry has no field %s", name)
}
