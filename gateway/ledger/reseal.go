package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// ResealKind is the entry by which a log commits to a checkpoint of another's, or to its
// own of long ago (FORMAT.md §16).
const ResealKind Kind = "checkpoint-resealed"

// Resealing is what shows that a receipt's checkpoint was sealed again.
type Resealing struct {
	Receipt     []byte // of the entry of kind [ResealKind]; nil: none is at hand
	Consistency []byte // from the receipt's checkpoint to the one that was sealed again (§12); nil: it is the same
}

// VerifyResealed is [VerifyReceipt] with one step more, "resealed", which says what the
// receipt's signature rests on at a time at which the certificate behind it may have
// ended. That it has, and that nothing shows a re-sealing, is said and is no fault; a
// re-sealing that is not true, or of another checkpoint, is.
func VerifyResealed(raw []byte, again Resealing, at time.Time, pinned Bundle, v *sm.Verifier) Report {
	report := VerifyReceipt(raw, pinned, v)
	if !report.OK() {
		report.Steps = append(report.Steps, Step{"resealed", Skipped, "a step before it failed"})
		return report
	}
	run := &verification{verifier: v, bundle: pinned, raw: raw}
	report.Steps = append(report.Steps, run.try("resealed", func(run *verification) (string, error) { return run.resealed(again, at) }))
	return report
}

func (run *verification) resealed(again Resealing, at time.Time) (string, error) {
	ends, err := run.ends()
	if err != nil {
		return "", err
	}
	const day = time.RFC3339
	if again.Receipt == nil {
		if !at.After(ends) {
			return "the operational certificate is in force until " + ends.Format(day), nil
		}
		return fmt.Sprintf("the operational certificate ended %s, and nothing here shows that the checkpoint was sealed again: when it was made, its own key says", ends.Format(day)), nil
	}
	sealed, err := run.sealedAgain(again)
	if err != nil {
		return "", err
	}
	if sealed.After(ends) {
		return fmt.Sprintf("the operational certificate ended %s; sealed again only afterwards, %s", ends.Format(day), sealed.Format(day)), nil
	}
	return fmt.Sprintf("sealed again %s, before the operational certificate ended %s", sealed.Format(day), ends.Format(day)), nil
}

// ends is when the certificate ends that signed the receipt's checkpoint.
func (run *verification) ends() (time.Time, error) {
	for _, read := range []func() (string, error){run.form, run.head} {
		if _, err := read(); err != nil {
			return time.Time{}, err
		}
	}
	leaf, err := pki.Parse(run.receipt.Chain[0])
	if err != nil {
		return time.Time{}, err
	}
	return leaf.NotAfter, nil
}

// sealedAgain is when an entry that commits to the receipt's checkpoint, or to one that
// continues it, was sealed.
func (run *verification) sealedAgain(again Resealing) (time.Time, error) {
	report := VerifyReceipt(again.Receipt, run.bundle, run.verifier)
	if !report.OK() {
		return time.Time{}, errors.New("the receipt of the re-sealing is not true")
	}
	if report.Told.Kind != ResealKind {
		return time.Time{}, errors.New("what is shown as the re-sealing is an entry of another kind")
	}
	note := run.receipt.Checkpoint
	if again.Consistency != nil {
		proof, err := ParseConsistency(again.Consistency)
		if err != nil {
			return time.Time{}, err
		}
		keys := append([]KeyChain{{Key: run.note.name, Chain: run.receipt.Chain}}, proof.Keys...)
		if !VerifyConsistency(note, proof.Checkpoint, proof.Proof, keys, run.bundle, run.verifier).OK() {
			return time.Time{}, errors.New("the checkpoint that was sealed again does not continue the receipt's")
		}
		note = proof.Checkpoint
	}
	digest := sm.Sum([]byte(note))
	for _, field := range report.Told.Shown {
		if field.Name == "checkpoint" && field.Value == hex.EncodeToString(digest[:]) {
			return report.Told.Sealed, nil
		}
	}
	return time.Time{}, errors.New("the re-sealing is of another checkpoint")
}
