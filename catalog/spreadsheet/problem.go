package spreadsheet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Problem is one mistake in a form, at the cell where a person mends it. It never
// holds what stands in the cell.
type Problem struct {
	Sheet   string
	Row     int    // from 1; 0 where the sheet as a whole is at fault
	Column  int    // from 1; 0 where the row as a whole is at fault
	Heading string // of the column, as the form has it; "" for none
	Zh, En  string // the rule
}

// Cell is the place as spreadsheets name it: C5, or 5 for a whole row.
func (p Problem) Cell() string {
	if p.Row == 0 {
		return ""
	}
	name, err := excelize.ColumnNumberToName(p.Column)
	if err != nil { // the row as a whole
		return fmt.Sprint(p.Row)
	}
	return fmt.Sprintf("%s%d", name, p.Row)
}

// String is one line for people: sheet!cell heading: rule.
func (p Problem) String() string {
	var line strings.Builder
	line.WriteString(p.Sheet)
	if cell := p.Cell(); cell != "" {
		line.WriteString("!" + cell)
	}
	if p.Heading != "" {
		line.WriteString(" " + p.Heading)
	}
	return line.String() + ": " + p.Zh + " " + p.En
}

// Problems is every mistake that was found, ordered by sheet and place.
type Problems []Problem

// Error lists one mistake a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// sorted orders them by sheet and place, one a cell: what is said of a cell first is
// what is wrong with it.
func (p Problems) sorted(sheets []Sheet) Problems {
	order := map[string]int{}
	for i, sheet := range sheets {
		order[sheet.Name] = i
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(order[a.Sheet], order[b.Sheet]), cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(p, func(a, b Problem) bool {
		return a.Row > 0 && a.Sheet == b.Sheet && a.Row == b.Row && a.Column == b.Column && a.Heading == b.Heading
	})
}
