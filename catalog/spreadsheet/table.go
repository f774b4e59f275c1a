package spreadsheet

import "slices"

// table is a sheet whose headings are known.
type table struct {
	sheet    Sheet
	headings int   // the row of headings
	places   []int // by place in columns(): the column of the sheet; 0 for none
}

// headingsWithin is how far down the headings may begin: forms have titles above.
const headingsWithin = 10

// notes is the sheet of the template that explains the others; it is not read.
const notes = "说明"

// findTable looks for the row of headings. Headings that are not known, or stand there
// twice, or are missing, are reported.
func (f *form) findTable(sheet Sheet) (table, bool) {
	for row := 1; row <= min(headingsWithin, len(sheet.Rows)); row++ {
		t := table{sheet: sheet, headings: row, places: make([]int, len(columns()))}
		if known := t.known(); slices.Contains(known, "code") && slices.Contains(known, "name") && len(known) > 3 {
			f.headings(&t)
			return t, true
		}
	}
	f.report(Problem{Sheet: sheet.Name, Zh: noTable.zh, En: noTable.en})
	return table{}, false
}

func (t table) known() []string {
	var keys []string
	for column := range t.sheet.Rows[t.headings-1] {
		if at, known := columnNamed(t.sheet.cell(t.headings, column+1)); known {
			keys = append(keys, columns()[at].key)
		}
	}
	return keys
}

func (f *form) headings(t *table) {
	for i := range t.sheet.Rows[t.headings-1] {
		heading := t.sheet.cell(t.headings, i+1)
		at, known := columnNamed(heading)
		switch {
		case heading == "":
		case !known:
			f.reportAt(*t, t.headings, i+1, "", strange)
		case t.places[at] > 0:
			f.reportAt(*t, t.headings, i+1, columns()[at].heading, twice)
		default:
			t.places[at] = i + 1
		}
	}
	for at, c := range columns() {
		if c.needed && t.places[at] == 0 {
			f.reportAt(*t, t.headings, 0, c.heading, rule{"缺少这个表头。", "This heading is missing."})
		}
	}
}

// value is what a row has in a column of the form; "" where the sheet has no such column.
func (t table) value(row, at int) string {
	if t.places[at] == 0 {
		return ""
	}
	return t.sheet.cell(row, t.places[at])
}

// filled reports whether a row has anything in the columns of the form from, until.
func (t table) filled(row, from, until int) (at int, found bool) {
	for at := from; at < until; at++ {
		if t.value(row, at) != "" {
			return at, true
		}
	}
	return 0, false
}
