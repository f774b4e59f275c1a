package licensing

import (
	"context"
	"encoding/json"

	"kapok/connectors"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/licence"
)

// Protocol is the name of licences among the catalogue's protocols: Kapok itself is
// the source.
const Protocol = "licence"

// Source answers questions about licences of one type; it is made by [Service.Source].
type Source struct {
	service *Service
	kind    string
}

// Source serves an item whose protocol is [Protocol].
func (s *Service) Source(settings map[string]string) *Source {
	return &Source{service: s, kind: settings["type"]}
}

// Fetch answers with the holder's licence of this type: the one in force that was
// issued last, by the elements' names of GB/T 36903 and the type's own. One that was
// abolished, or has expired, is a refusal with that very reason. That a licence is
// abolished between here and the release is seen by its stop marker: [Answer.Licence].
func (f *Source) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	subject := q.SubjectRef
	records, err := f.service.Store.LicencesOf(ctx, subject)
	if err != nil {
		return connectors.Answer{}, err
	}
	newest := pick(records, f.kind)
	if newest == nil {
		return connectors.Answer{}, nil
	}
	if newest.State == licence.Abolished {
		return connectors.Answer{}, gateway.Fail(gateway.Forbidden, "licence-abolished", "The licence was abolished; it can no longer be used.")
	}
	opened, err := f.service.open(ctx, *newest)
	if err != nil {
		return connectors.Answer{}, err
	}
	if opened.Metadata.ExpiredOn(f.service.Now()) {
		return connectors.Answer{}, gateway.Fail(gateway.Forbidden, "licence-expired", "The licence's validity has ended.")
	}
	return f.answer(opened)
}

func (f *Source) answer(l Licence) (connectors.Answer, error) {
	record := connectors.Record{}
	for element, value := range l.Metadata.Elements {
		record[string(element)] = value
	}
	for name, value := range l.Metadata.Extended {
		record[name] = value
	}
	raw, err := json.Marshal(record)
	if err != nil {
		return connectors.Answer{}, err
	}
	return connectors.Answer{
		Records: []connectors.Record{record}, AsOf: l.ChangedAt.UTC(), BodyDigest: sm.Sum(raw), Licence: l.StopID(),
	}, nil
}

// pick finds the licence of a type to answer with: one in force before one that ended,
// then the one that changed last. Those not issued yet are nobody's business.
func pick(records []Record, kind string) *Record {
	var ended *Record
	for i, record := range records { // changed last first
		if record.Kind != kind {
			continue
		}
		if record.State == licence.Issued {
			return &records[i]
		}
		if record.State == licence.Abolished && !record.IssuedAt.IsZero() && ended == nil {
			ended = &records[i]
		}
	}
	return ended
}

var _ connectors.Connector = (*Source)(nil)
