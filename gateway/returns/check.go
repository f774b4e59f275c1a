package returns

import (
	"kapok/gateway"
)

// checked is a row that breaks no rule of its own, ready to be sealed.
type checked struct {
	file   int16
	line   int64
	mark   byte
	person gateway.Identity
	values []string // in the order of the dataset's columns
}

// checker holds each record against the catalogue. It is for one goroutine.
type checker struct {
	dataset *Dataset
	from    []int // for each column of the dataset, its place in a record; -1: not delivered
	mark    int   // place of the mark; -1: every row is to be put
	keys    []bool
	subject int // column of the dataset
	known   []map[string]bool
}

// maxKnown is how many different values of a column are remembered as fitting: codes
// and states are few, and a rule costs more than a look.
const maxKnown = 512

func newChecker(d *Dataset, m Manifest) *checker {
	at := map[string]int{}
	for i, name := range m.Columns {
		at[name] = i
	}
	c := &checker{dataset: d, mark: -1, subject: d.bySource[d.Subject], keys: make([]bool, len(d.Columns)), known: make([]map[string]bool, len(d.Columns))}
	if m.Mark != "" {
		c.mark = at[m.Mark]
	}
	for i, column := range d.Columns {
		place, delivered := at[column.Source]
		if !delivered {
			place = -1
		}
		c.from = append(c.from, place)
		if !column.Sealed && !column.Numeric {
			c.known[i] = map[string]bool{}
		}
	}
	for _, key := range d.Keys {
		c.keys[d.bySource[key]] = true
	}
	return c
}

// check reads a record into row, whose values have room for every column, and reports
// each rule that it breaks.
func (c *checker) check(r *record, row *checked, broken func(field, rule string)) bool {
	row.line, row.mark = r.line, MarkUpsert[0]
	fits := c.readMark(r, row, broken)
	for i := range c.dataset.Columns {
		value := ""
		if c.from[i] >= 0 {
			value = r.fields[c.from[i]]
		}
		row.values[i] = value
		if rule := c.rule(i, value, row.mark); rule != "" {
			broken(c.dataset.Columns[i].Source, rule)
			fits = false
		}
	}
	person, err := gateway.ParseIdentity(c.dataset.IDType, row.values[c.subject])
	if err != nil {
		broken(c.dataset.Subject, RuleIdentity)
		return false
	}
	row.person = person
	return fits
}

func (c *checker) readMark(r *record, row *checked, broken func(field, rule string)) bool {
	if c.mark < 0 {
		return true
	}
	switch r.fields[c.mark] {
	case MarkUpsert, MarkDelete:
		row.mark = r.fields[c.mark][0]
		return true
	}
	broken("", RuleMark)
	return false
}

// rule returns the rule that a value breaks. A row to be deleted is known by its keys,
// and the rest of it does not matter.
func (c *checker) rule(column int, value string, mark byte) string {
	key, field := c.keys[column], c.dataset.Columns[column].field
	if value == "" {
		if key || field.Required && mark != MarkDelete[0] {
			return RuleRequired
		}
		return ""
	}
	if column == c.subject {
		return "" // the identity's own rule comes after
	}
	known := c.known[column]
	if known[value] {
		return ""
	}
	if !field.Accepts(value) {
		return RuleType
	}
	if known != nil && len(known) < maxKnown {
		known[value] = true
	}
	return ""
}
