package catalog

import "time"

// Source is where data comes from (数源), and by which protocol.
type Source struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Protocol string            `json:"protocol"` // the name of a connector
	Timeout  time.Duration     `json:"-"`        // for one fetch
	Settings map[string]string `json:"settings"` // the connector's; secrets by name only

	Limits      Limits   `json:"limits,omitzero"`
	Maintenance []Window `json:"maintenance,omitempty"` // planned, in any order
	Promise     Promise  `json:"-"`                     // sla
}

// Limits protect a source from its callers; 0 leaves a limit to what is usual.
type Limits struct {
	RatePerSecond int `json:"rate_per_second,omitempty"` // questions, for one node
	Burst         int `json:"burst,omitempty"`
	Concurrent    int `json:"concurrent,omitempty"` // questions under way, for one node
	Attempts      int `json:"attempts,omitempty"`   // the first included
}

// Window is a time in which the source is planned to be closed (停机维护).
type Window struct {
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"` // exclusive
	Reason string    `json:"reason"`
}

// Promise is what the provider promises of a source (服务承诺); zero where it says nothing.
type Promise struct {
	Availability string        // per cent of the time: "99.5"
	P95          time.Duration // of an answer
}

// Connection is all that a connector needs to fetch one item.
type Connection struct {
	Source   string
	Protocol string
	Timeout  time.Duration
	Settings map[string]string // the source's, overlaid with the item's
}

func (l *loader) source(r *record) {
	s := &Source{
		ID:       r.define("source", "id", identifier),
		Name:     r.text("name"),
		Protocol: r.text("protocol", protocolName),
		Timeout:  r.timeout("timeout"),
		Settings: r.settings("settings"),
	}
	r.inner("limits", func(limits *record) {
		s.Limits = Limits{
			RatePerSecond: limits.count("rate_per_second"), Burst: limits.count("burst"),
			Concurrent: limits.count("concurrent"), Attempts: limits.count("attempts"),
		}
	})
	r.list("maintenance", func(window *record) { s.window(window) })
	r.inner("sla", func(sla *record) {
		s.Promise = Promise{Availability: sla.optional("availability", availability), P95: sla.span("p95", time.Minute)}
	})
	l.found.sources[s.ID] = s
}

func (s *Source) window(r *record) {
	window := Window{From: r.moment("from"), Until: r.moment("until"), Reason: r.text("reason")}
	if !window.Until.After(window.From) {
		r.loader.report(r.at, "a window ends after it begins")
	}
	s.Maintenance = append(s.Maintenance, window)
}
