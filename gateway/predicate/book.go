package predicate

import (
	"slices"
	"time"
)

// How many different tests of one field of one person a department may put within
// [Window]. Two tests tell a quarter of a range from another; eight find a year of
// birth. The same test again costs nothing.
const (
	PerCase = 3
	PerLife = 8
	Window  = 30 * 24 * time.Hour
)

// Try is one test that somebody wants to put.
type Try struct {
	Subject    string // subject_ref
	Department string
	Item       string
	Field      string
	CaseNo     string
	Test       string // [Test.Digest]
	At         time.Time
}

// Put is a test that was put, or refused.
type Put struct {
	Test    string    `json:"test"`
	CaseNo  string    `json:"case"`
	At      time.Time `json:"at"`
	Refused bool      `json:"refused,omitempty"`
}

// Book is what a department has tested of one field of one person, within [Window].
type Book []Put

// Try returns the book with a try noted, and whether it is within bounds. Refused ones
// are noted as well, once each, and do not count against those to come.
func (b Book) Try(t Try) (after Book, within bool) {
	after = slices.DeleteFunc(slices.Clone(b), func(p Put) bool { return t.At.Sub(p.At) >= Window })
	var inCase, inLife []string
	for i, p := range after {
		if p.Test == t.Test && p.CaseNo == t.CaseNo && !p.Refused {
			after[i].At = t.At
			return after, true
		}
		if p.Refused || p.Test == t.Test {
			continue
		}
		if !slices.Contains(inLife, p.Test) {
			inLife = append(inLife, p.Test)
		}
		if p.CaseNo == t.CaseNo {
			inCase = append(inCase, p.Test)
		}
	}
	within = len(inCase) < PerCase && len(inLife) < PerLife
	after = slices.DeleteFunc(after, func(p Put) bool { return p.Refused && p.Test == t.Test && p.CaseNo == t.CaseNo })
	if len(after) < maxPut {
		after = append(after, Put{t.Test, t.CaseNo, t.At, !within})
	}
	return after, within
}

// maxPut bounds the book of who goes on although refused.
const maxPut = 256
