package httpapi

import (
	"context"
	"time"

	"kapok/gateway/grants"
)

// ListGrants lists rights that came of applications.
func (h handlers) ListGrants(ctx context.Context, request ListGrantsRequestObject) (ListGrantsResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, next, err := h.desk.ListGrants(ctx, h.worker(v.session), grants.Filter{}, request.Params.Cursor, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	page := GrantPage{Grants: []Grant{}, Next: next}
	for _, g := range found {
		page.Grants = append(page.Grants, h.grant(g))
	}
	return ListGrants200JSONResponse(page), nil
}

// ActOnGrant suspends, resumes or revokes.
func (h handlers) ActOnGrant(ctx context.Context, request ActOnGrantRequestObject) (ActOnGrantResponseObject, error) {
	ctx, v := unwrap(ctx)
	g, err := h.desk.ActOnGrant(ctx, h.worker(v.session), grants.GrantAct{
		Grant: request.ID, Event: grants.GrantEvent(request.Body.Event), Reason: string(request.Body.Reason),
	})
	if err != nil {
		return nil, err
	}
	return ActOnGrant200JSONResponse(h.grant(g)), nil
}

func (h handlers) grant(g grants.Grant) Grant {
	n := h.names
	return Grant{
		ID: g.ID, State: GrantState(g.State), Department: n.department(g.Department), Provider: n.department(g.Provider),
		From: g.From, Matter: g.Matter,
		Terms: application(grants.Terms{
			System: g.System, Item: g.Item, ItemVersion: g.ItemVersion, LegalProvision: g.LegalProvision, Expires: g.Expires,
			Fields: g.Fields, Operations: g.Operations, ServiceItems: g.ServiceItems, Purposes: g.Purposes,
			RatePerSecond: g.RatePerSecond, DailyQuota: g.DailyQuota, Hours: g.Hours, Networks: g.Networks,
		}),
	}
}

// ListStops lists the latest emergency stops.
func (h handlers) ListStops(ctx context.Context, request ListStopsRequestObject) (ListStopsResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, err := h.stops.ListStops(ctx, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	listed := StopList{Stops: []Stop{}}
	for _, s := range found {
		listed.Stops = append(listed.Stops, emergencyStop(s, holds(v.session, RoleBureau, RoleAuditor)))
	}
	return ListStops200JSONResponse(listed), nil
}

// StopAtOnce stops something of the catalogue on every node.
func (h handlers) StopAtOnce(ctx context.Context, request StopAtOnceRequestObject) (StopAtOnceResponseObject, error) {
	ctx, v := unwrap(ctx)
	s, err := h.stops.StopAtOnce(ctx, h.worker(v.session), string(request.Body.Kind), request.Body.Target, string(request.Body.Reason))
	if err != nil {
		return nil, err
	}
	return StopAtOnce201JSONResponse(emergencyStop(s, true)), nil
}

// ReopenStop proposes to reopen, or reopens.
func (h handlers) ReopenStop(ctx context.Context, request ReopenStopRequestObject) (ReopenStopResponseObject, error) {
	ctx, v := unwrap(ctx)
	s, err := h.stops.Reopen(ctx, h.worker(v.session), request.ID, string(request.Body.Reason))
	if err != nil {
		return nil, err
	}
	return ReopenStop200JSONResponse(emergencyStop(s, true)), nil
}

func emergencyStop(s grants.EmergencyStop, actors bool) Stop {
	shown := Stop{ID: s.ID, Kind: StopKind(s.Kind), Target: s.Target, Open: s.Open()}
	for _, hand := range s.Hands {
		event := StopEvent{Event: StopEventEvent(hand.Event), At: hand.At, Reason: hand.Reason}
		if actors {
			event.Actor = hand.By.Ref
		}
		shown.Events = append(shown.Events, event)
	}
	return shown
}

// GetTrialClock reads the clock of a trial.
func (h handlers) GetTrialClock(_ context.Context, _ GetTrialClockRequestObject) (GetTrialClockResponseObject, error) {
	return GetTrialClock200JSONResponse{Now: h.trial.Now()}, nil
}

// AdvanceTrialClock moves the clock of a trial.
func (h handlers) AdvanceTrialClock(ctx context.Context, request AdvanceTrialClockRequestObject) (AdvanceTrialClockResponseObject, error) {
	ctx, _ = unwrap(ctx)
	if err := h.trial.Advance(ctx, time.Duration(request.Body.Hours)*time.Hour); err != nil {
		return nil, err
	}
	return AdvanceTrialClock200JSONResponse{Now: h.trial.Now()}, nil
}

// ListUnverifiedUses lists the releases whose case nobody could confirm.
func (h handlers) ListUnverifiedUses(ctx context.Context, request ListUnverifiedUsesRequestObject) (ListUnverifiedUsesResponseObject, error) {
	ctx, _ = unwrap(ctx)
	found, err := h.unverified.UnverifiedUses(ctx, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	listed := UnverifiedList{Uses: []UnverifiedUse{}}
	for _, one := range found {
		listed.Uses = append(listed.Uses, UnverifiedUse{
			Department: h.names.department(one.Department), ServiceItem: h.names.serviceItem(one.ServiceItem),
			Day: one.Day.Format(time.DateOnly), Uses: one.Uses,
		})
	}
	return ListUnverifiedUses200JSONResponse(listed), nil
}
