package evidence

import (
	"errors"
	"fmt"
	"time"

	"kapok/gateway/ledger"
)

// witnessed checks each cosignature, and that the tree that was cosigned continues the
// one of the entry's receipt. A line of a witness whom the reader has not pinned says
// nothing to this reader, and is no fault.
func (run *verification) witnessed() (string, error) {
	if len(run.bundle.Cosigned) == 0 {
		return "", errNothing("no cosignature of a witness is in the bundle")
	}
	judged, last := 0, time.Time{}
	for i, one := range run.bundle.Cosigned {
		later, err := run.continued(one.Entry, one.Consistency)
		if err != nil {
			return "", fmt.Errorf("cosignature %d: %w", i+1, err)
		}
		at, known, err := run.cosigned(later + one.Line)
		if err != nil {
			return "", fmt.Errorf("cosignature %d: %w", i+1, err)
		}
		if known {
			judged, last = judged+1, at
		}
	}
	if judged == 0 {
		return fmt.Sprintf("%d, whose checkpoints continue those of the entries; whose they are was NOT judged: pin the witness's key", len(run.bundle.Cosigned)), nil
	}
	return fmt.Sprintf("%d of %d by a pinned witness, the last of %s", judged, len(run.bundle.Cosigned), last.Format("2006-01-02T15:04:05Z")), nil
}

// cosigned finds the pinned witness whose line it is.
func (run *verification) cosigned(note string) (at time.Time, known bool, err error) {
	name, err := ledger.CosignedBy(note)
	if err != nil {
		return time.Time{}, false, err
	}
	err = errors.New("its key is not the pinned one of that name")
	for _, witness := range run.witnesses {
		if witness.Name != name {
			continue
		}
		known = true
		if _, at, err = ledger.VerifyCosigned(note, witness, run.verifier); err == nil {
			return at, true, nil
		}
	}
	if known {
		return time.Time{}, true, err
	}
	return time.Time{}, false, nil
}
