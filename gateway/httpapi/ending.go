package httpapi

import (
	"context"
	"slices"
	"strconv"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// ListEnding lists what ends soon: keys of systems, and, for those who watch, departments'
// seals and the roots of the bundle.
func (h handlers) ListEnding(ctx context.Context, request ListEndingRequestObject) (ListEndingResponseObject, error) {
	ctx, v := unwrap(ctx)
	within := time.Duration(request.Params.Days) * 24 * time.Hour
	ending, err := h.keysEnding(ctx, v.session, within)
	if err == nil && holds(v.session, RoleBureau, RoleAuditor) {
		ending, err = h.districtsEnding(ctx, ending, within)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(ending, func(one, other Ending) int { return one.Until.Compare(other.Until) })
	return ListEnding200JSONResponse(EndingList{Ending: ending}), nil
}

func (h handlers) keysEnding(ctx context.Context, session *postgres.Session, within time.Duration) ([]Ending, error) {
	keys, err := h.keys.Ending(ctx, h.keeper(session), within)
	ending := make([]Ending, 0, len(keys))
	for _, k := range keys {
		ending = append(ending, Ending{What: EndingWhatSystemKey, ID: k.Key.KeyID, Holder: h.names.system(k.Key.System), Until: k.Key.Until, Followed: k.Followed})
	}
	return ending, err
}

// districtsEnding adds what is the district's own.
func (h handlers) districtsEnding(ctx context.Context, ending []Ending, within time.Duration) ([]Ending, error) {
	seals, err := h.licences.SealsEnding(ctx, within)
	if err != nil {
		return nil, err
	}
	for _, s := range seals {
		ending = append(ending, Ending{What: EndingWhatSeal, ID: s.Name, Holder: Named{ID: s.Name, Name: s.Holder}, Until: s.Until})
	}
	bundle, err := ledger.ParseBundle(h.trust)
	if err != nil {
		return nil, err
	}
	ends, err := bundle.RootsEnd()
	for i, until := range ends {
		if !until.After(h.now().Add(within)) {
			ending = append(ending, Ending{What: EndingWhatRoot, ID: strconv.Itoa(i + 1), Until: until})
		}
	}
	return ending, err
}
