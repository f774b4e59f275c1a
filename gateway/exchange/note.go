package exchange

import (
	"context"

	"kapok/gateway/ledger"
	"kapok/gateway/replay"
	"kapok/policies"
)

// note is kept beside the entry, so that the decision can be counted and made again by
// other policies; nil when none was made. Without it the evidence is as good as with it,
// so a note that cannot be written holds nobody up.
func (s *Service) note(ctx context.Context, u *use) *ledger.Aside {
	if u.input == nil {
		return nil
	}
	known := u.live.known
	note, err := replay.Note(u.input, u.decision, u.live.Catalog.Digest(), replay.Parts{
		System: known.parts[u.input.System.ID], Item: known.parts[u.input.Item.Code], Grant: known.grantParts[u.input.Grant],
	})
	if err != nil {
		s.log.ErrorContext(ctx, "a decision could not be noted", "trace", u.call.TraceID, "error", err)
		return nil
	}
	return note
}

// shared makes the parts of the notes that the catalogue fixes.
func (k *known) shared() (err error) {
	k.parts, k.grantParts = map[string]ledger.Part{}, map[*policies.Grant]ledger.Part{}
	for id, system := range k.systems {
		if k.parts[id], err = replay.NewPart(system); err != nil {
			return err
		}
	}
	for code, item := range k.items {
		if k.parts[code], err = replay.NewPart(item); err != nil {
			return err
		}
	}
	for _, grants := range k.grants {
		for _, grant := range grants {
			if k.grantParts[grant], err = replay.NewPart(grant); err != nil {
				return err
			}
		}
	}
	return nil
}
