package guard

import (
	"context"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"kapok/connectors"
	"kapok/gateway"
)

// guarded is the connector of one item behind its source's guard.
type guarded struct {
	source *Source
	inner  connectors.Connector
	flight singleflight.Group
	kept   *cache // nil: the item allows none
}

// Guard wraps the connector of one item. keep is how long an answer may serve again;
// zero, which is what the catalogue says by saying nothing: never.
func (s *Source) Guard(inner connectors.Connector, keep time.Duration) connectors.Connector {
	g := &guarded{source: s, inner: inner}
	if keep > 0 {
		g.kept = newCache(keep, s.now)
	}
	return g
}

// question is what makes two reads identical.
type question struct {
	subject                     gateway.Identity
	fields, serviceItem, caseNo string
}

func asQuestion(q connectors.Query) question {
	return question{q.Subject, strings.Join(q.Fields, ","), q.ServiceItem, q.CaseNo}
}

// Fetch answers from the cache, joins an identical read of the same decision that is
// under way, or asks.
func (g *guarded) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if g.kept != nil {
		if answer, found := g.kept.find(asQuestion(q)); found {
			g.source.observe(g.source.terms.ID, "cached", 0)
			return answer, nil
		}
	}
	answer, err := g.once(ctx, q)
	if err == nil && g.kept != nil && len(answer.Records) > 0 {
		g.kept.keep(asQuestion(q), answer)
	}
	return answer, err
}

// once coalesces within a decision: never across two, for each must be able to show
// its own question to the source.
func (g *guarded) once(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if q.RequestID == "" {
		return g.source.ask(ctx, g.inner, q)
	}
	asked := asQuestion(q)
	key := strings.Join([]string{q.RequestID, string(asked.subject.Type), asked.subject.Number(), asked.fields, asked.serviceItem, asked.caseNo}, "\x00")
	answer, err, _ := g.flight.Do(key, func() (any, error) {
		found, err := g.source.ask(ctx, g.inner, q)
		return found, err
	})
	return answer.(connectors.Answer), err
}
