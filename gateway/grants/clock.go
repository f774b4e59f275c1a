package grants

import (
	"time"

	"kapok/gateway/grants/calendar"
)

// Running says whether a clock counts.
type Running string

// The states of a clock.
const (
	Runs    Running = "running"
	Held    Running = "paused" // while the applicant completes
	Stopped Running = "done"
)

// Clock is one term under way, in working days. A day on which something happens
// belongs to what went before it: the day of the start is not counted (民法典 201), the
// day of a pause is.
type Clock struct {
	Name  string
	Owes  Side
	Law   string
	Days  int       // what the term has, with its extension
	Used  int       // working days used up before From
	From  time.Time // counted from the day after
	Due   time.Time // first moment that is late; zero while it is paused
	State Running
	Late  bool      // it was not stopped in time
	Rung  int       // how many steps of the escalation were taken
	Rings time.Time // when the next step is due; zero: none
}

// Days are working days as the node's calendar has them.
type Days interface {
	Add(from time.Time, n int) (time.Time, error)
	Count(from, to time.Time) (int, error)
}

func startClock(days Days, d Deadline, at time.Time) (Clock, error) {
	c := Clock{Name: d.Clock, Owes: d.Owes, Law: d.Law, Days: d.Days, From: at, State: Runs}
	return c, c.plan(days)
}

// plan sets when the clock is due and when it rings next.
func (c *Clock) plan(days Days) error {
	last, err := days.Add(c.From, max(c.Days-c.Used, 0))
	if err != nil {
		return err
	}
	c.Due = calendar.End(last)
	return c.wind(days, last)
}

func (c *Clock) wind(days Days, last time.Time) error {
	c.Rings = time.Time{}
	for c.Rung < len(ladder) {
		step := ladder[c.Rung]
		if step.after >= 0 {
			day, err := days.Add(last, step.after)
			if err != nil {
				return err
			}
			c.Rings = calendar.End(day)
			return nil
		}
		if c.Days-c.Used > 1 { // the morning of the last day
			c.Rings = last
			return nil
		}
		c.Rung++ // a term of one day is not announced on that day
	}
	return nil
}

func (c *Clock) pause(days Days, at time.Time) error {
	used, err := days.Count(c.From, at)
	if err != nil {
		return err
	}
	c.note(at)
	c.Used, c.State, c.Due, c.Rings = c.Used+used, Held, time.Time{}, time.Time{}
	return nil
}

func (c *Clock) resume(days Days, at time.Time) error {
	c.From, c.State = at, Runs
	return c.plan(days)
}

// extend prolongs a term; what was told as late before stays so.
func (c *Clock) extend(days Days, longer int) error {
	c.Days += longer
	if !c.Late {
		c.Rung = 0
	}
	return c.plan(days)
}

func (c *Clock) stop(at time.Time) {
	c.note(at)
	c.State, c.Rings = Stopped, time.Time{}
}

func (c *Clock) note(at time.Time) {
	if !c.Due.IsZero() && !at.Before(c.Due) {
		c.Late = true
	}
}

// ring takes every step of the escalation that is due, and returns them.
func (c *Clock) ring(days Days, now time.Time) ([]rung, error) {
	var taken []rung
	for c.State == Runs && !c.Rings.IsZero() && !now.Before(c.Rings) {
		taken = append(taken, ladder[c.Rung])
		c.note(now)
		c.Rung++
		if err := c.wind(days, c.Due.Add(-time.Minute)); err != nil {
			return nil, err
		}
	}
	return taken, nil
}
