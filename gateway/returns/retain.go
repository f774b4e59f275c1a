package returns

import (
	"context"
	"errors"
	"fmt"

	"kapok/gateway"
)

// Clock is who acts where time does: the manifest says until when its data may be kept,
// the catalogue how often it is pulled, and nobody has to confirm that.
const Clock = "kapok"

// Retain destroys what is kept past its time, with proof, and refuses what is only
// received by then. Any number of nodes may do it at once: a delivery is ended under its
// dataset's lock, and who comes later finds it ended.
func (i *Importer) Retain(ctx context.Context) error {
	ended, err := i.Store.Expired(ctx, i.Now())
	if err != nil {
		return err
	}
	var failed error
	for _, one := range ended {
		if err := i.end(ctx, one); err != nil && gateway.AsError(err).Code != "return-state" {
			failed = errors.Join(failed, fmt.Errorf("delivery %s: %w", one.ID, err))
		}
	}
	return failed
}

func (i *Importer) end(ctx context.Context, d Delivery) error {
	if d.State == Received {
		found := Findings{List: []Finding{{Rule: RuleEnded}}}
		pending, err := i.Store.Refuse(ctx, d.ID, found, Clock, i.Now())
		return errors.Join(err, i.seal(ctx, pending))
	}
	_, pending, err := i.Store.Destroy(ctx, d.ID, Order{Actor: Clock, Reason: "kept until " + d.Manifest.KeepUntil.UTC().Format("2006-01-02T15:04:05Z")}, i.Now())
	return errors.Join(err, i.seal(ctx, pending))
}
