package predicate

import (
	"fmt"
	"testing"
	"time"
)

var begun = time.Date(2026, 6, 1, 10, 0, 0, 0, china)

func try(test, caseNo string, after time.Duration) Try {
	return Try{Test: test, CaseNo: caseNo, At: begun.Add(after)}
}

// search looks for a year of birth by halves, each time for the next case where the one
// before is exhausted, and returns how many answers it got.
func search(b Book, cases int) (answers int) {
	for c := range cases {
		for half := range 10 {
			var within bool
			if b, within = b.Try(try(fmt.Sprintf("%d-%d", c, half), fmt.Sprint(c), time.Hour)); within {
				answers++
			}
		}
	}
	return answers
}

func TestASearchEnds(t *testing.T) {
	if got := search(nil, 1); got != PerCase {
		t.Errorf("one case got %d answers, want %d", got, PerCase)
	}
	if got := search(nil, 20); got != PerLife {
		t.Errorf("twenty cases got %d answers, want %d", got, PerLife)
	}
}

func TestTheSameTestCostsNothing(t *testing.T) {
	var b Book
	for i := range 100 {
		var within bool
		if b, within = b.Try(try("age>=60", "case-1", time.Duration(i)*time.Minute)); !within {
			t.Fatal("refused a test that was put before")
		}
	}
	for i := range 100 { // the same question in every case teaches nothing new
		var within bool
		if b, within = b.Try(try("age>=60", fmt.Sprint(i), time.Hour)); !within {
			t.Fatal("refused the same test for another case")
		}
	}
}

func TestTimePasses(t *testing.T) {
	var b Book
	for _, test := range []string{"a", "b", "c"} {
		b, _ = b.Try(try(test, "case-1", 0))
	}
	if b, within := b.Try(try("d", "case-1", Window-time.Second)); within || len(b) != 4 {
		t.Error("the bound ended before its time")
	}
	if b, within := b.Try(try("d", "case-1", Window)); !within || len(b) != 1 {
		t.Error("the bound did not end")
	}
}

func TestTheBookOfWhoGoesOnIsBounded(t *testing.T) {
	var b Book
	for i := range 5 * maxPut {
		b, _ = b.Try(try(fmt.Sprint(i), "case-1", 0))
	}
	if len(b) != maxPut {
		t.Errorf("%d tries are kept", len(b))
	}
}
