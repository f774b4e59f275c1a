package httpapi

import (
	"context"
	"time"

	"kapok/gateway/postgres"
)

// terminalLife is how long a session of the command line lasts.
const terminalLife = 8 * time.Hour

// OpenTerminal gives whoever is signed in a second session, with a token that they can
// take to the command line. It is the same person with the same roles.
func (h handlers) OpenTerminal(ctx context.Context, _ OpenTerminalRequestObject) (OpenTerminalResponseObject, error) {
	ctx, v := unwrap(ctx)
	session, token := *v.session, newToken()
	session.Step = postgres.Step{} // what was signed in for stays with the browser
	session.Expires = h.now().Add(terminalLife)
	session.Device = "命令行 terminal"
	hash, _ := tokenHash(token) // of our own making
	if err := h.sessions.BeginSession(ctx, hash, session); err != nil {
		return nil, err
	}
	return OpenTerminal201JSONResponse{Token: token, ExpiresAt: session.Expires}, nil
}
