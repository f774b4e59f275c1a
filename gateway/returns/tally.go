package returns

import (
	"encoding/binary"
	"hash"

	"kapok/crypto/sm"
)

// Tally is what was counted in one file so far.
type Tally struct {
	Rows int64             `json:"rows"`
	Sums map[string]string `json:"sums"` // of each numeric column, by the source's name
}

// counter counts the rows of a file and adds up its numbers.
type counter struct {
	columns []Column
	rows    int64
	sums    []sum
}

func newCounter(d *Dataset, from Tally) *counter {
	c := &counter{columns: d.Columns, rows: from.Rows, sums: make([]sum, len(d.Columns))}
	for i, column := range d.Columns {
		if value, ok := parseDecimal(from.Sums[column.Source]); ok {
			c.sums[i].total.Set(value)
		}
	}
	return c
}

func (c *counter) add(row *checked) {
	c.rows++
	for i, column := range c.columns {
		if column.Numeric {
			c.sums[i].add(row.values[i]) // the checker has accepted it
		}
	}
}

func (c *counter) tally() Tally {
	t := Tally{Rows: c.rows, Sums: map[string]string{}}
	for i, column := range c.columns {
		if column.Numeric {
			t.Sums[column.Source] = c.sums[i].String()
		}
	}
	return t
}

// contentDomain begins the digest of what a delivery says, row by row.
const contentDomain = "kapok/returned-content/v1\n"

func newContent(state []byte) (hash.Hash, error) {
	if state != nil {
		return sm.ResumeHash(state)
	}
	h := sm.NewHash()
	h.Write([]byte(contentDomain))
	return h, nil
}

// canonical appends the one encoding of a row: its mark, then each value with its
// length before it, in the order of the dataset's columns.
func canonical(out []byte, mark byte, values []string) []byte {
	out = append(out, mark)
	for _, value := range values {
		out = binary.AppendUvarint(out, uint64(len(value)))
		out = append(out, value...)
	}
	return out
}
