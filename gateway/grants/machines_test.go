package grants

import (
	"slices"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/grants/calendar"
)

// TestTablesHoldTogether: every clock of a machine has its term, every state but the
// last ones leads on, and every side that acts is one.
func TestTablesHoldTogether(t *testing.T) {
	for kind, lines := range machines {
		begins := false
		for _, line := range lines {
			begins = begins || line.from == None
			for _, e := range line.clocks {
				if _, known := deadline(e.clock); !known && e.clock != answer {
					t.Errorf("%s: the clock %s has no term", kind, e.clock)
				}
			}
			if len(line.by) == 0 {
				t.Errorf("%s: nobody may do %s", kind, line.event)
			}
		}
		if !begins {
			t.Errorf("%s: no way in", kind)
		}
	}
}

// TestNobodyOnBothSides tries each event of each machine by a person with every role in
// both departments' names, who has acted for the other side under another account.
func TestNobodyOnBothSides(t *testing.T) {
	sides := map[Side]Person{
		Applicant: {Ref: "account-1", SubjectRef: "the-same-person", Department: "d", Roles: []string{consumerRole}},
		Provider:  {Ref: "account-2", SubjectRef: "the-same-person", Department: "p", Roles: []string{providerRole}},
		Bureau:    {Ref: "account-3", SubjectRef: "the-same-person", Department: "b", Roles: []string{bureauRole}},
	}
	tried := 0
	for kind, lines := range machines {
		for _, line := range lines {
			for _, side := range line.by {
				who, acts := sides[side]
				for other, earlier := range sides {
					if !acts || other == side {
						continue
					}
					tried++
					m := Matter{Kind: kind, Applicant: "d", Provider: "p", Events: []Happened{{Side: other, By: earlier}}}
					if _, err := m.sideFor(who, line.by); gateway.AsError(err).Code != "same-person" {
						t.Errorf("%s, %s: who acted for the %s acts for the %s: %v", kind, line.event, other, side, err)
					}
				}
			}
		}
	}
	if tried < 40 {
		t.Errorf("only %d were tried", tried)
	}
}

// TestWhoIsNotOfASide does nothing, whatever roles they hold elsewhere.
func TestWhoIsNotOfASide(t *testing.T) {
	m := Matter{Kind: Application, Applicant: "d", Provider: "p"}
	for name, who := range map[string]Person{
		"another department with every role": {Ref: "x", Department: "x", Roles: []string{consumerRole, providerRole}},
		"the applicant without the role":     {Ref: "x", Department: "d", Roles: []string{providerRole}},
		"the provider without the role":      {Ref: "x", Department: "p", Roles: []string{consumerRole}},
		"an auditor":                         {Ref: "x", Department: "d", Roles: []string{auditorRole}},
	} {
		for _, line := range machines[Application] {
			if _, err := m.sideFor(who, line.by); gateway.AsError(err).Code != "not-your-turn" {
				t.Errorf("%s may do %s: %v", name, line.event, err)
			}
		}
	}
}

// TestDisputeLadder climbs every rung, and tries each event in every state it is not for.
func TestDisputeLadder(t *testing.T) {
	for _, kind := range []Kind{Correction, Objection} {
		at := None
		for _, event := range []Event{File, Maintain, Coordinate, Report, Decide} {
			line, err := stepFor(kind, at, event)
			if err != nil {
				t.Fatalf("%s: %s from %q: %v", kind, event, at, err)
			}
			if event != Maintain && !line.reason {
				t.Errorf("%s: %s needs no reason", kind, event)
			}
			at = line.to
		}
		if at != Decided {
			t.Errorf("%s ends in %s", kind, at)
		}
		for _, line := range machines[kind] {
			if _, err := stepFor(kind, Decided, line.event); gateway.AsError(err).Code != "matter-state" {
				t.Errorf("%s: %s after it was decided: %v", kind, line.event, err)
			}
		}
		early, _ := stepFor(kind, Filed, Coordinate)
		if !early.late {
			t.Errorf("%s: coordination may be asked for before the answer is late", kind)
		}
	}
}

// TestAClockNeedsItsYear: a term that runs into a year without a calendar is refused,
// and so is nothing half done.
func TestAClockNeedsItsYear(t *testing.T) {
	days, err := calendar.Load(calendar.Published())
	if err != nil {
		t.Fatal(err)
	}
	on := func(date string) time.Time {
		day, err := time.ParseInLocation(time.DateTime, date, calendar.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return day
	}
	for name, c := range map[string]struct {
		clock, begins string
		last          string // "" is refused
	}{
		"within a year":             {answerConditional, "2026-04-27 09:00:00", "2026-05-13"},
		"over the end of 2025":      {answerConditional, "2025-12-25 09:00:00", "2026-01-09"},
		"into a year without one":   {answerConditional, "2026-12-24 09:00:00", ""},
		"wholly in such a year":     {answerUnconditional, "2027-03-01 09:00:00", ""},
		"the day of filing is free": {answerUnconditional, "2026-04-27 23:59:00", "2026-04-28"},
	} {
		m := Matter{}
		err := m.turn(days, []effect{{start, c.clock}}, "", on(c.begins))
		if c.last == "" {
			if gateway.AsError(err).Code != "calendar-missing" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := m.Clocks[0].Due.In(calendar.Zone).Add(-time.Second).Format(time.DateOnly); got != c.last {
			t.Errorf("%s: the last day is %s, want %s", name, got, c.last)
		}
	}
}

// TestPausedClocksKeepWhatIsLeft, and a term is prolonged once, by what the law says.
func TestPausedClocksKeepWhatIsLeft(t *testing.T) {
	days, err := calendar.Load(calendar.Published())
	if err != nil {
		t.Fatal(err)
	}
	begins := time.Date(2026, 6, 1, 9, 0, 0, 0, calendar.Zone)
	term, _ := deadline(answerConditional)
	c, err := startClock(days, term, begins)
	if err != nil {
		t.Fatal(err)
	}
	due := c.Due
	if err := c.pause(days, begins.AddDate(0, 0, 2)); err != nil || c.Used != 2 || !c.Due.IsZero() {
		t.Errorf("paused after two days: %+v, %v", c, err)
	}
	if err := c.resume(days, begins.AddDate(0, 0, 9)); err != nil || !c.Due.After(due) {
		t.Errorf("resumed: %+v, %v", c, err)
	}
	left, err := days.Count(c.From, c.Due.Add(-time.Second))
	if err != nil || left != term.Days-2 {
		t.Errorf("%d days are left, %v", left, err)
	}
	if err := c.extend(days, term.Longer); err != nil || c.Days != term.Days+term.Longer {
		t.Errorf("prolonged: %+v, %v", c, err)
	}
	c.stop(c.Due)
	if !c.Late || c.State != Stopped {
		t.Errorf("stopped in the first late moment: %+v", c)
	}
}

// TestARenewalStaysOne: whose the grant is was checked when the application was filed, so
// what completes it cannot name another.
func TestARenewalStaysOne(t *testing.T) {
	for filed, completed := range map[string]string{"": "other", "mine": "other", "also-mine": ""} {
		m := Matter{Kind: Application, Item: "i", About: filed}
		_, err := (&Service{}).complete(&m, Act{Terms: &Terms{Item: "i", Renews: completed}})
		if failure := gateway.AsError(err); failure.Code != "field-invalid" || failure.Field != "/application/renews" {
			t.Errorf("filed for %q, completed for %q: %v", filed, completed, err)
		}
	}
}

// TestGrantStates is the whole table of what can befall a grant.
func TestGrantStates(t *testing.T) {
	events := []GrantEvent{Issue, Suspend, Resume, Revoke, Supersede}
	for from, can := range map[GrantState][]GrantEvent{
		"":         {Issue},
		InForce:    {Suspend, Revoke, Supersede},
		Suspended:  {Resume, Revoke, Supersede},
		Revoked:    nil,
		Superseded: nil,
	} {
		for _, event := range events {
			_, err := from.After(event)
			if (err == nil) != slices.Contains(can, event) {
				t.Errorf("%q, %s: %v", from, event, err)
			}
		}
	}
}

// TestUnusedIsProposed: never of a grant that is new, ended, or used whole.
func TestUnusedIsProposed(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	g := Grant{State: InForce, IssuedAt: now.Add(-minimumAge)}
	g.Fields, g.Operations, g.Expires = []string{"a", "b"}, []gateway.Operation{gateway.View}, now.Add(time.Hour)
	used := Usage{Fields: []string{"a"}, Operations: []gateway.Operation{gateway.View}}
	if proposal, any := unusedOf(g, used, now); !any || !slices.Equal(proposal.Fields, []string{"b"}) || proposal.Month != "2026-06" {
		t.Errorf("%+v, %v", proposal, any)
	}
	for name, change := range map[string]func(*Grant, *Usage){
		"used whole": func(_ *Grant, u *Usage) { u.Fields = []string{"a", "b"} },
		"too new":    func(g *Grant, _ *Usage) { g.IssuedAt = g.IssuedAt.Add(1) },
		"suspended":  func(g *Grant, _ *Usage) { g.State = Suspended },
		"expired":    func(g *Grant, _ *Usage) { g.Expires = now },
	} {
		changed, usage := g, used
		change(&changed, &usage)
		if proposal, any := unusedOf(changed, usage, now); any {
			t.Errorf("%s: %+v", name, proposal)
		}
	}
}
