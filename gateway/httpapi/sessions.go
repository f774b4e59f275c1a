package httpapi

import (
	"context"
	"strings"

	"kapok/gateway"
)

// deviceOf tells in a few words what a browser says it is; what it sent is not kept.
func deviceOf(userAgent string) string {
	kinds := []struct{ sign, name string }{
		{"MicroMessenger", "微信 WeChat"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"HarmonyOS", "HarmonyOS"},
		{"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"Linux", "Linux"},
	}
	for _, kind := range kinds {
		if strings.Contains(userAgent, kind.sign) {
			return kind.name
		}
	}
	return ""
}

// ListMySessions shows a person where they are signed in.
func (h handlers) ListMySessions(ctx context.Context, _ ListMySessionsRequestObject) (ListMySessionsResponseObject, error) {
	ctx, v := unwrap(ctx)
	open, err := h.sessions.OpenSessions(ctx, v.sessionToken)
	if err != nil {
		return nil, err
	}
	listed := SessionList{Sessions: []OpenSession{}}
	for _, s := range open {
		listed.Sessions = append(listed.Sessions, OpenSession{ID: s.ID, Device: s.Device, Level: s.Level, Begun: s.Begun, Expires: s.Expires, Current: s.Current})
	}
	return ListMySessions200JSONResponse(listed), nil
}

// EndMySession signs a person out somewhere else.
func (h handlers) EndMySession(ctx context.Context, request EndMySessionRequestObject) (EndMySessionResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, err := h.sessions.EndOwnSession(ctx, v.sessionToken, request.ID)
	if err == nil && !found {
		err = gateway.Fail(gateway.NotFound, "session-unknown", "There is no such session.")
	}
	if err != nil {
		return nil, err
	}
	return EndMySession204Response{}, nil
}

// EndMyOtherSessions signs a person out everywhere else.
func (h handlers) EndMyOtherSessions(ctx context.Context, _ EndMyOtherSessionsRequestObject) (EndMyOtherSessionsResponseObject, error) {
	ctx, v := unwrap(ctx)
	if err := h.sessions.EndOtherSessions(ctx, v.sessionToken); err != nil {
		return nil, err
	}
	return EndMyOtherSessions204Response{}, nil
}
