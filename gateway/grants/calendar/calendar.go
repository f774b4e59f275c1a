// Package calendar counts working days (工作日) as Chinese offices have them: weekends
// and the State Council's holidays are off, and the weekend days that its yearly
// notice moves work to (调休) are on.
//
// Each year is a file of data; a year without one is not guessed: whatever counts
// into it is an error that names the year. Days are those of Beijing. It must not
// know what is counted for.
package calendar

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"kapok/gateway"
)

//go:embed data/*.json
var embedded embed.FS

// Published are the years that this release knows.
func Published() fs.FS {
	folder, err := fs.Sub(embedded, "data")
	if err != nil {
		panic(err) // the name stands in the line above
	}
	return folder
}

// Zone is Beijing's: China has had one zone without summer time since 1992.
var Zone = time.FixedZone("CST", 8*60*60)

// Calendar knows some years.
type Calendar struct{ years map[int]year }

// year holds the days that differ from "Monday to Friday", by their date.
type year struct {
	Year     int       `json:"year"`
	Notice   string    `json:"notice"`
	Holidays []holiday `json:"holidays"`
	Workdays []string  `json:"workdays"`

	differs map[string]bool // date → whether it is a working day
}

type holiday struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Load reads every *.json of the folders; a year in a later folder replaces an
// earlier one's. Errors name the file.
func Load(folders ...fs.FS) (*Calendar, error) {
	c := &Calendar{years: map[int]year{}}
	for _, folder := range folders {
		files, err := fs.Glob(folder, "*.json")
		if err != nil {
			return nil, fmt.Errorf("calendar: %w", err)
		}
		for _, file := range files {
			read, err := readYear(folder, file)
			if err != nil {
				return nil, fmt.Errorf("calendar: %s: %w", file, err)
			}
			c.years[read.Year] = read
		}
	}
	return c, nil
}

func readYear(folder fs.FS, file string) (year, error) {
	raw, err := fs.ReadFile(folder, file)
	if err != nil {
		return year{}, err
	}
	y := year{differs: map[string]bool{}}
	if err := json.Unmarshal(raw, &y); err != nil {
		return year{}, err
	}
	for _, off := range y.Holidays {
		if err := y.takeOff(off); err != nil {
			return year{}, err
		}
	}
	for _, date := range y.Workdays {
		day, err := y.day(date)
		if err != nil {
			return year{}, err
		}
		if _, twice := y.differs[date]; twice || weekday(day) {
			return year{}, fmt.Errorf("the working day %s is a holiday, or no weekend day", date)
		}
		y.differs[date] = true
	}
	if y.Notice == "" || len(y.Holidays) == 0 {
		return year{}, fmt.Errorf("a year names its notice and its holidays")
	}
	return y, nil
}

func (y *year) takeOff(h holiday) error {
	from, err := y.day(h.From)
	if err != nil {
		return err
	}
	to, err := y.day(h.To)
	if err != nil {
		return err
	}
	if to.Before(from) || to.Sub(from) > 20*24*time.Hour {
		return fmt.Errorf("the holiday from %s ends before it begins, or lasts too long", h.From)
	}
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		y.differs[day.Format(time.DateOnly)] = false
	}
	return nil
}

func (y *year) day(date string) (time.Time, error) {
	day, err := time.ParseInLocation(time.DateOnly, date, Zone)
	if err != nil || day.Year() != y.Year {
		return time.Time{}, fmt.Errorf("a date is not YYYY-MM-DD of the year %d", y.Year)
	}
	return day, nil
}

func weekday(day time.Time) bool {
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

// Years lists what is known, ascending.
func (c *Calendar) Years() []int { return slices.Sorted(maps.Keys(c.years)) }

// Day is the beginning, in Beijing, of the day on which a moment lies.
func Day(moment time.Time) time.Time {
	local := moment.In(Zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, Zone)
}

// End is the first moment after the day of a moment: a term ends at 24:00 of its
// last day (民法典 203).
func End(moment time.Time) time.Time { return Day(moment).AddDate(0, 0, 1) }

// Working reports whether the day of a moment is a working day. A year without a
// calendar is a Conflict, calendar-missing.
func (c *Calendar) Working(moment time.Time) (bool, error) {
	day := Day(moment)
	known, ok := c.years[day.Year()]
	if !ok {
		return false, missing(day.Year())
	}
	if differs, ok := known.differs[day.Format(time.DateOnly)]; ok {
		return differs, nil
	}
	return weekday(day), nil
}

// Add finds the n-th working day after the day of a moment, which itself is not
// counted (民法典 201); with n = 0, the first working day from that day on.
func (c *Calendar) Add(from time.Time, n int) (time.Time, error) {
	day := Day(from)
	if n == 0 {
		return c.next(day)
	}
	for range n {
		var err error
		if day, err = c.next(day.AddDate(0, 0, 1)); err != nil {
			return time.Time{}, err
		}
	}
	return day, nil
}

// next is the first working day from a day on.
func (c *Calendar) next(day time.Time) (time.Time, error) {
	for ; ; day = day.AddDate(0, 0, 1) {
		working, err := c.Working(day)
		if err != nil || working {
			return day, err
		}
	}
}

// Count counts the working days after the day of one moment up to and with the day
// of another.
func (c *Calendar) Count(from, to time.Time) (int, error) {
	count := 0
	for day := Day(from).AddDate(0, 0, 1); !day.After(Day(to)); day = day.AddDate(0, 0, 1) {
		working, err := c.Working(day)
		if err != nil {
			return 0, err
		}
		if working {
			count++
		}
	}
	return count, nil
}

func missing(year int) error {
	failure := gateway.Fail(gateway.Conflict, "calendar-missing",
		fmt.Sprintf("The term reaches into %d, for which no calendar of working days is loaded.", year))
	failure.Remedy = fmt.Sprintf("The operator adds the State Council's holidays of %d as data (setting calendars).", year)
	return failure
}
