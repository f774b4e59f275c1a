package sqlsource_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kapok/connectors/sqlsource"
)

// wholeView: all rows in the order of the keys, from one snapshot however often it is read;
// of changes, those from a moment on and before another; deleted rows only among changes.
func wholeView(t *testing.T, d *department) {
	t.Helper()
	shape := sqlsource.Shape{View: "v_household", Columns: []string{"name", "id_number", "household_no"}, Keys: []string{"id_number"}, Watermark: "changed_at", Mark: "note"}
	table, err := sqlsource.OpenTable(d.source(), secret, shape)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = table.Close() }()
	if got := readTable(t, table, time.Time{}, time.Time{}); len(got) < 3 || !slices.IsSortedFunc(got, func(a, b []string) int { return strings.Compare(a[1], b[1]) }) || len(got[0]) != 3 {
		t.Errorf("all of it: %d rows", len(got))
	}
	zone := map[string]string{"postgres": "+08"}[d.settings["dialect"]] // MariaDB's column has no zone
	d.tell(t, "update t_household set changed_at = '2020-01-02 03:04:05"+zone+"'")
	first := time.Date(2020, 1, 1, 19, 4, 5, 0, time.UTC) // Beijing's 03:04:05 of the next day
	d.tell(t, "update t_household set changed_at = '2020-01-02 03:04:06"+zone+"', note = 'D' where household_no = 1")
	for _, c := range []struct {
		since, until time.Time
		rows         func(all int) int
	}{
		{time.Time{}, time.Time{}, func(all int) int { return all - 1 }},
		{first, first.Add(time.Second), func(all int) int { return all - 1 }},
		{first.Add(time.Second), first.Add(time.Hour), func(int) int { return 1 }},
		{first, first.Add(time.Hour), func(all int) int { return all }},
		{first.Add(-time.Hour), first, func(int) int { return 0 }},
	} {
		var all int
		if err := d.admin.QueryRowContext(t.Context(), "select count(*) from t_household").Scan(&all); err != nil {
			t.Fatal(err)
		}
		if got := readTable(t, table, c.since, c.until); len(got) != c.rows(all) {
			t.Errorf("from %v until %v: %d of %d rows", c.since, c.until, len(got), all)
		} else if !c.since.IsZero() && len(got) == 1 && got[0][3] != "D" {
			t.Errorf("the mark is %q", got[0][3])
		}
	}
	d.tell(t, "update t_household set changed_at = null where household_no = 2")
	if got := readTable(t, table, first.Add(-time.Hour), first); len(got) != 1 {
		t.Errorf("a row that does not say when it changed: %d rows among the changes, want it", len(got))
	}
	oneSnapshot(t, d, table)
	for name, change := range map[string]func(*sqlsource.Shape){
		"a table":           func(s *sqlsource.Shape) { s.View = "t_household" },
		"a view not listed": func(s *sqlsource.Shape) { s.View = "v_secret" },
		"no such column":    func(s *sqlsource.Shape) { s.Columns = append(slices.Clone(s.Columns), "absent") },
		"no such watermark": func(s *sqlsource.Shape) { s.Watermark = "absent" },
		"no such mark":      func(s *sqlsource.Shape) { s.Mark = "absent" },
		"a mark with quote": func(s *sqlsource.Shape) { s.Mark = "note\"--" },
	} {
		wrong := shape
		change(&wrong)
		opened, err := sqlsource.OpenTable(d.source(), secret, wrong)
		if err == nil {
			err = opened.Read(t.Context(), func(_ time.Time, rows func(time.Time, time.Time, func([]string) error) error) error {
				return rows(time.Time{}, time.Time{}, func([]string) error { return nil })
			})
			_ = opened.Close()
		}
		if err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

// source are the settings of the source without those of one item.
func (d *department) source() map[string]string {
	given := d.with(nil)
	for _, name := range []string{"view", "columns", "subject_column", "lookup_column", "as_of_column"} {
		delete(given, name)
	}
	return given
}

func readTable(t *testing.T, table *sqlsource.Table, since, until time.Time) (got [][]string) {
	t.Helper()
	err := table.Read(t.Context(), func(now time.Time, rows func(time.Time, time.Time, func([]string) error) error) error {
		if off := time.Since(now); off < -time.Minute || off > time.Minute {
			t.Errorf("the database's clock is read as %v", now)
		}
		return rows(since, until, func(fields []string) error { got = append(got, slices.Clone(fields)); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// oneSnapshot: what somebody writes between two readings of a snapshot is in neither.
func oneSnapshot(t *testing.T, d *department, table *sqlsource.Table) {
	t.Helper()
	err := table.Read(t.Context(), func(_ time.Time, rows func(time.Time, time.Time, func([]string) error) error) error {
		var readings [2][][]string
		for i := range readings {
			if err := rows(time.Time{}, time.Time{}, func(fields []string) error {
				readings[i] = append(readings[i], slices.Clone(fields))
				return nil
			}); err != nil {
				return err
			}
			d.tell(t, "update t_household set name = '改名' where household_no = 2")
		}
		if !slices.EqualFunc(readings[0], readings[1], slices.Equal[[]string]) {
			t.Error("two readings of one snapshot differ")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
