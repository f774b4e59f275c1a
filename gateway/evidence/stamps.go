package evidence

import (
	"errors"
	"fmt"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/tsp"
	"kapok/gateway/ledger"
)

// clockSlack is how far the authority's clock may be behind Kapok's.
const clockSlack = 5 * time.Minute

// stamps checks each token, and that the tree that was stamped holds the entry: it
// continues the tree of the entry's receipt.
func (run *verification) stamps() (string, error) {
	if len(run.bundle.Stamps) == 0 {
		return "", errNothing("no time-stamp is in the bundle")
	}
	said := ""
	for i, stamp := range run.bundle.Stamps {
		token, err := run.stamp(stamp)
		if err != nil {
			return "", fmt.Errorf("time-stamp %d: %w", i+1, err)
		}
		said = token.Time.Format("2006-01-02T15:04:05Z")
	}
	if len(run.authorities) == 0 {
		return fmt.Sprintf("%d, sound in themselves, the last of %s; whether their authority is to be trusted was NOT judged: pin its root", len(run.bundle.Stamps), said), nil
	}
	return fmt.Sprintf("%d, by an authority under a pinned root, the last of %s", len(run.bundle.Stamps), said), nil
}

func (run *verification) stamp(s Stamp) (*tsp.Token, error) {
	later, err := run.continued(s.Entry, s.Consistency)
	if err != nil {
		return nil, err
	}
	token, err := tsp.ParseToken(s.Token)
	if err != nil {
		return nil, err
	}
	head, err := ledger.ParseCheckpoint(later)
	if err != nil {
		return nil, err
	}
	if token.Time.Before(head.Sealed.Add(-clockSlack)) {
		return nil, errors.New("it is older than the checkpoint that it stamps")
	}
	return token, token.Verify(run.verifier, "evidence", tsp.BySM3([]byte(later)), nil, run.authorities)
}

// continued is the later checkpoint of a proof that begins at the one of an entry's
// receipt.
func (run *verification) continued(entry int, consistency []byte) (later string, err error) {
	if entry < 0 || entry >= len(run.bundle.Entries) {
		return "", errors.New("it is about no entry of the bundle")
	}
	proved, err := ledger.ParseConsistency(consistency)
	if err != nil {
		return "", err
	}
	older := checkpointOf(run.bundle.Entries[entry].Receipt)
	report := ledger.VerifyConsistency(older, proved.Checkpoint, proved.Proof, proved.Keys, run.pinned, run.verifier)
	for _, step := range report.Steps {
		if step.Status != ledger.Pass {
			return "", fmt.Errorf("%s: %s", step.Name, step.Why)
		}
	}
	return proved.Checkpoint, nil
}

func parseAll(list [][]byte) ([]*pki.Certificate, error) {
	parsed := make([]*pki.Certificate, len(list))
	for i, der := range list {
		certificate, err := pki.Parse(der)
		if err != nil {
			return nil, err
		}
		parsed[i] = certificate
	}
	return parsed, nil
}
