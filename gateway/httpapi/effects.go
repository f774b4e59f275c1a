package httpapi

import (
	"context"
	"time"
)

// longestEffects is the most that one page of the board shows.
const longestEffects = 366 * 24 * time.Hour

// ListEffects lists what was counted of the ledger.
func (h handlers) ListEffects(ctx context.Context, request ListEffectsRequestObject) (ListEffectsResponseObject, error) {
	ctx, _ = unwrap(ctx)
	from, until := request.Params.From.Time, request.Params.Until.Time
	if until.Before(from) || until.Sub(from) > longestEffects {
		return nil, invalid("until", "until is not before from and at most 366 days after it.")
	}
	effects, served, err := h.record.Effects(ctx, from, until)
	if err != nil {
		return nil, err
	}
	listed, n := EffectList{Effects: []Effect{}, Served: []PeopleServed{}}, h.names
	for _, e := range effects {
		listed.Effects = append(listed.Effects, Effect{
			Day: e.Day.Format(time.DateOnly), Department: n.department(e.Department), ServiceItem: n.serviceItem(e.ServiceItem),
			Item: n.itemOf(e.Item), Result: e.Result, Code: e.Code, Uses: e.Uses,
		})
	}
	for _, s := range served {
		listed.Served = append(listed.Served, PeopleServed{Department: n.department(s.Department), Month: s.Month.Format("2006-01"), People: s.People})
	}
	return ListEffects200JSONResponse(listed), nil
}
