package calendar_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kapok/gateway"
	"kapok/gateway/grants/calendar"
)

func published(t *testing.T) *calendar.Calendar {
	t.Helper()
	c, err := calendar.Load(calendar.Published())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func on(t *testing.T, date string) time.Time {
	t.Helper()
	day, err := time.ParseInLocation(time.DateOnly, date, calendar.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return day.Add(9 * time.Hour)
}

// TestAdd counts over what the notices of 2025 and 2026 say.
func TestAdd(t *testing.T) {
	for _, c := range []struct {
		name, from string
		days       int
		want       string
	}{
		{"the day itself is not counted", "2026-03-02", 1, "2026-03-03"},
		{"over a weekend", "2026-03-06", 1, "2026-03-09"},
		{"ten days", "2026-03-02", 10, "2026-03-16"},
		{"a holiday on a weekday", "2026-04-03", 1, "2026-04-07"},
		{"over the Labour days, with the Saturday that is worked", "2026-04-27", 10, "2026-05-13"},
		{"a worked Saturday is a day", "2026-05-08", 1, "2026-05-09"},
		{"a worked Sunday is a day", "2025-09-26", 2, "2025-09-29"},
		{"from a holiday", "2026-02-17", 1, "2026-02-24"},
		{"over a new year that is known", "2025-12-31", 1, "2026-01-04"},
		{"none: the day itself where it is worked", "2026-03-02", 0, "2026-03-02"},
		{"none, on a Sunday", "2026-03-01", 0, "2026-03-02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := published(t).Add(on(t, c.from), c.days)
			if err != nil || got.Format(time.DateOnly) != c.want {
				t.Errorf("%s + %d is %s, %v; want %s", c.from, c.days, got.Format(time.DateOnly), err, c.want)
			}
			if c.days > 0 {
				if count, err := published(t).Count(on(t, c.from), got); err != nil || count != c.days {
					t.Errorf("counted back: %d, %v", count, err)
				}
			}
		})
	}
}

// TestNoticesAddUp: a year of 13 statutory days off leaves 248.
func TestNoticesAddUp(t *testing.T) {
	for year, want := range map[int]int{2025: 248, 2026: 248} {
		first := time.Date(year-1, 12, 31, 12, 0, 0, 0, calendar.Zone)
		got := 0
		for day := first.AddDate(0, 0, 1); day.Year() == year; day = day.AddDate(0, 0, 1) {
			working, err := published(t).Working(day)
			if err != nil {
				t.Fatal(err)
			}
			if working {
				got++
			}
		}
		if got != want {
			t.Errorf("%d has %d working days, the notice leaves %d", year, got, want)
		}
	}
}

func TestAYearWithoutACalendarIsNamed(t *testing.T) {
	c := published(t)
	for name, count := range map[string]func() error{
		"add":   func() error { _, err := c.Add(on(t, "2026-12-30"), 3); return err },
		"count": func() error { _, err := c.Count(on(t, "2026-12-30"), on(t, "2027-01-05")); return err },
		"none":  func() error { _, err := c.Add(on(t, "2027-01-05"), 0); return err },
	} {
		failure := gateway.AsError(count())
		if failure.Code != "calendar-missing" || !strings.Contains(failure.Message, "2027") {
			t.Errorf("%s: %v", name, failure)
		}
	}
	if day, err := c.Add(on(t, "2026-12-30"), 1); err != nil || day.Format(time.DateOnly) != "2026-12-31" {
		t.Errorf("the last day of the last year: %v, %v", day, err)
	}
}

func TestTheDayIsBeijings(t *testing.T) {
	lateInUTC := time.Date(2026, 3, 6, 16, 30, 0, 0, time.UTC) // 00:30 on Saturday
	if working, err := published(t).Working(lateInUTC); err != nil || working {
		t.Errorf("half past midnight on a Saturday is worked: %v, %v", working, err)
	}
	if end := calendar.End(lateInUTC); !end.Equal(time.Date(2026, 3, 8, 0, 0, 0, 0, calendar.Zone)) {
		t.Errorf("it ends %s", end)
	}
}

func TestBadFiles(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":                `{`,
		"a date of another year": `{"year":2027,"notice":"n","holidays":[{"from":"2026-01-01","to":"2026-01-01"}]}`,
		"ends before it begins":  `{"year":2027,"notice":"n","holidays":[{"from":"2027-01-03","to":"2027-01-01"}]}`,
		"work on a weekday":      `{"year":2027,"notice":"n","holidays":[{"from":"2027-01-01","to":"2027-01-03"}],"workdays":["2027-01-05"]}`,
		"work on a holiday":      `{"year":2027,"notice":"n","holidays":[{"from":"2027-01-01","to":"2027-01-03"}],"workdays":["2027-01-02"]}`,
		"no notice":              `{"year":2027,"holidays":[{"from":"2027-01-01","to":"2027-01-03"}]}`,
		"no holidays":            `{"year":2027,"notice":"n"}`,
	} {
		if _, err := calendar.Load(fstest.MapFS{"2027.json": {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), "2027.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
