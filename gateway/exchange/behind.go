package exchange

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"kapok/connectors/tif"
	"kapok/gateway"
)

// gatewayDoor is how entries name Guangdong's gateway among the doors: what came through it
// is admitted by a weaker proof than a signature over the request.
const gatewayDoor = "tif"

// Behind walks the path for a call that comes signed by Guangdong's gateway (TIF). That
// signature is over the time, a nonce and a token alone: neither body nor address, so that
// whoever sees a call could have changed it. It may therefore do only what the catalogue
// lets its system do this way; each entry, the answer and the person's own record say so.
// An Idempotency-Key means nothing here, for nobody vouches for it.
func (s *Service) Behind(ctx context.Context, call Call) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	return s.walk(ctx, u, s.admitBehind)
}

func (s *Service) admitBehind(ctx context.Context, u *use) error {
	proof, err := tif.ReadProof(u.call.Header, tif.Prefix)
	if err != nil {
		return gateway.Fail(gateway.Unauthenticated, "gateway-headers", "The gateway's headers x-tif-paasid, x-tif-timestamp, x-tif-nonce, x-tif-signature are missing or malformed.")
	}
	system, known := u.live.Catalog.Behind(proof.PaasID)
	if !known {
		return gatewayRefused()
	}
	token, err := s.secret(ctx, system.Gateway.Token)
	if err != nil {
		return gateway.Fail(gateway.Unavailable, "gateway-token-unavailable", "The gateway's token cannot be read now.").Because(err)
	}
	if err := proof.Verify(token, s.now()); errors.Is(err, tif.ErrSkew) {
		return gateway.Fail(gateway.Unauthenticated, "clock-skew", "The gateway's time is more than 180 seconds from this server's clock.")
	} else if err != nil {
		return gatewayRefused()
	}
	u.caller = Caller{System: system.ID, Department: system.Department, Nonce: proof.Nonce, Created: proof.Timestamp, Door: gatewayDoor}
	u.call.Header = http.Header{}
	if u.ask, u.subject, err = parseAsk(u.call.Body); err == nil && !slices.Contains(system.Gateway.Operations, u.ask.Operation) {
		err = gateway.Fail(gateway.Forbidden, "gateway-operation", "What comes signed by the gateway alone may not do this; sign the request itself, or have the catalogue allow it.")
	}
	return err
}

// gatewayRefused tells an unknown caller and a wrong signature apart for nobody.
func gatewayRefused() error {
	return gateway.Fail(gateway.Unauthenticated, "gateway-signature", "The gateway's signature does not hold for a system that may come this way.")
}
