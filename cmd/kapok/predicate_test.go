package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// test is a request for one test of one field.
func test(basisID, field, name, value string) string {
	return strings.Replace(ask(basisID, field), `"operation":"VIEW"`,
		fmt.Sprintf(`"operation":"PREDICATE","tests":[{"field":%q,"test":%q,"value":%s}]`, field, name, value), 1)
}

// TestPredicateReleasesOnlyTrueOrFalse: of the first made-up citizen, born in the last century.
func TestPredicateReleasesOnlyTrueOrFalse(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	id := w.statutoryFor("PREDICATE", "name", "state")
	released := readRelease(t, department.send(department.shot(test(id, "state", "in", `["正常"]`))))
	if len(released.Data) != 1 || released.Data["state"] != true {
		t.Errorf("released %v, want true", released.Data)
	}
	released = readRelease(t, department.send(department.shot(test(id, "name", "=", `"测试乙"`))))
	if released.Data["name"] != false {
		t.Errorf("released %v, want false", released.Data)
	}
	trail := wantTrail(t, w, released.ExchangeID, "intent", "outcome")
	for _, entry := range trail {
		if tests := entry.Entry.Value("tests"); tests != "name =" {
			t.Errorf("the %s records the tests %q", entry.Entry.Kind, tests)
		}
	}
	for name, body := range map[string]string{
		"a test not for the type": test(id, "name", "age>=", "60"),
		"a test that is none":     test(id, "name", "like", `"测%"`),
		"no test":                 strings.Replace(ask(id, "name"), `"VIEW"`, `"PREDICATE"`, 1),
		"a test with VIEW":        strings.Replace(test(id, "name", "present", `[]`), `"PREDICATE"`, `"VIEW"`, 1),
		"of another field":        strings.Replace(test(id, "name", "present", `[]`), `"fields":["name"]`, `"fields":["state"]`, 1),
	} {
		if told := department.send(department.shot(body)).problem(t); told.Code != "field-invalid" {
			t.Errorf("%s: %s", name, told.Code)
		}
	}
	wantNoPersonalData(t, w)
}

// TestASearchForAValueIsRefused on whichever node it goes on, and reported.
func TestASearchForAValueIsRefused(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	id := w.statutoryFor("PREDICATE", "name")
	var answered []bool
	for i := range 5 {
		s := department.shot(test(id, "name", "=", fmt.Sprintf(`"测试%d"`, i)))
		s.node = i % 2
		got := department.send(s)
		answered = append(answered, got.status == http.StatusOK)
		if got.status == http.StatusOK {
			continue
		}
		if told := got.problem(t); got.status != http.StatusForbidden || told.Code != "predicate-probing" {
			t.Errorf("%d: %d %s", i, got.status, told.Code)
		}
	}
	if want := []bool{true, true, true, false, false}; !slices.Equal(answered, want) {
		t.Errorf("answered %v, want %v", answered, want)
	}
	found, err := w.nodes[0].database.Probing(t.Context(), time.Now().Add(-time.Hour))
	if err != nil || len(found) != 1 || found[0].Refused != 2 || found[0].Field != "name" || found[0].Persons != 1 {
		t.Errorf("reported %+v, %v", found, err)
	}
}
