package cases

import (
	"context"
	"time"

	"kapok/catalog"
)

// TimelyWithin is how long after a case's decision its licence may be issued to count as
// in time (签发及时).
const TimelyWithin = 24 * time.Hour

// Period is what rates are counted over: cases accepted, or decided, from From until
// before To. Department and ServiceItem narrow it where they are given.
type Period struct {
	From, To    time.Time
	Department  string
	ServiceItem string
	Now         time.Time // licences of cases decided less than [TimelyWithin] before are not judged yet
}

// RateName names one of the four rates.
type RateName string

// The rates.
const (
	MaterialsRate RateName = "materials"    // 减材料率: materials not asked for on paper, of those listed, in accepted cases
	LicenceUse    RateName = "licence-use"  // 用证率: materials met by a licence or data item, of those that could be, in accepted cases
	SealUse       RateName = "seal-use"     // 电子印章使用率: documents with an e-seal, of those handed out by decisions
	TimelyIssue   RateName = "timely-issue" // 签发及时率: licences issued within [TimelyWithin] of the decision, of decided cases of matters that issue one
)

// Count is one rate's numbers for a department's matter.
type Count struct {
	Department  string
	ServiceItem string
	Rate        RateName
	Met, Of     int64
}

// Rate is a count against its target.
type Rate struct {
	Count
	Label   string
	Percent float64
	Target  int // per cent
	Reached bool
}

// rates are the four, each with its target in the catalogue.
var rates = []struct {
	name   RateName
	label  string
	target func(catalog.Targets) int
}{
	{MaterialsRate, "减材料率", func(t catalog.Targets) int { return t.Materials }},
	{LicenceUse, "用证率", func(t catalog.Targets) int { return t.LicenceUse }},
	{SealUse, "电子印章使用率", func(t catalog.Targets) int { return t.SealUse }},
	{TimelyIssue, "签发及时率", func(t catalog.Targets) int { return t.TimelyIssue }},
}

// Rates computes the four rates by department and service item; of which nothing was
// counted there is no row.
func (s *Service) Rates(ctx context.Context, p Period) ([]Rate, error) {
	p.Now = s.Now()
	counts, err := s.Store.CaseCounts(ctx, p)
	if err != nil {
		return nil, err
	}
	out := make([]Rate, 0, len(counts))
	for _, count := range counts {
		if count.Of > 0 {
			out = append(out, s.rate(count))
		}
	}
	return out, nil
}

func (s *Service) rate(count Count) Rate {
	r := Rate{Count: count, Percent: 100 * float64(count.Met) / float64(count.Of)}
	matter, known := s.Catalog().ServiceItem(count.ServiceItem)
	for _, one := range rates {
		if one.name != count.Rate {
			continue
		}
		r.Label = one.label
		if known {
			r.Target = one.target(matter.Targets)
		}
	}
	r.Reached = count.Met*100 >= int64(r.Target)*count.Of
	return r
}
