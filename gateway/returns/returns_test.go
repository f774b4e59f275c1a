package returns_test

import (
	"strings"
	"testing"
	"time"

	"kapok/connectors"
	"kapok/gateway/returns"
)

// fetch asks the connector as the one path does.
func (w *world) fetch(t testing.TB, n int) connectors.Answer {
	t.Helper()
	found, err := w.Dataset(dataset)
	if err != nil {
		t.Fatal(err)
	}
	source := returns.NewConnector(found, w.store, w.people, w.persons, func() time.Time { return w.now })
	answer, err := source.Fetch(t.Context(), connectors.Query{Subject: person(t, n)})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestFullThenIncremental(t *testing.T) {
	w := newWorld(t)
	first := w.full(t, 1, rowsOf(0, 50))
	one := w.published(t, first)
	if one.Report.Rows != 50 || one.Report.Persons != 50 || one.Report.Changes != nil {
		t.Errorf("%+v", one.Report)
	}
	answer := w.fetch(t, 7)
	if len(answer.Records) != 1 || answer.Records[0]["XM"] != "测试7" || answer.Records[0]["SFZH"] != number(7) || !answer.AsOf.Equal(first.AsOf) {
		t.Errorf("%v", answer)
	}
	lineage, err := w.Lineage(t.Context(), answer.Origin)
	if err != nil || lineage.File != "full-1.csv" || lineage.Line != 9 || lineage.Version != 1 || lineage.Delivery != one.ID {
		t.Errorf("%+v, %v", lineage, err)
	}

	changed := append(rowOf(7), "U")
	changed[5] = "停发"
	second := w.changes(t, 2, []row{changed, append(rowOf(60), "U"), append(rowOf(8), "D"), append(rowOf(9), "U")})
	second.Watermark = &returns.Watermark{From: first.AsOf, To: w.now}
	two := w.published(t, second)
	if got := *two.Report.Changes; got != (returns.Changes{Added: 1, Removed: 1, Changed: 1, Same: 48}) || two.Report.Rows != 50 {
		t.Errorf("%+v %+v", got, two.Report)
	}
	for n, want := range map[int]string{7: "停发", 60: "在发", 9: "在发", 10: "在发"} {
		if answer := w.fetch(t, n); len(answer.Records) != 1 || answer.Records[0]["FFZT"] != want {
			t.Errorf("%d: %v", n, answer.Records)
		}
	}
	if answer := w.fetch(t, 8); len(answer.Records) != 0 {
		t.Error("what was deleted is served")
	}
	// What the second delivery did not touch keeps the lineage of the first.
	if lineage, err := w.Lineage(t.Context(), w.fetch(t, 10).Origin); err != nil || lineage.Version != 1 || lineage.Line != 12 {
		t.Errorf("%+v, %v", lineage, err)
	}
	if lineage, err := w.Lineage(t.Context(), w.fetch(t, 7).Origin); err != nil || lineage.Version != 2 || lineage.Line != 2 {
		t.Errorf("%+v, %v", lineage, err)
	}

	if err := w.act(t, two.ID, returns.ActRollBack); err != nil {
		t.Fatal(err)
	}
	if restored, err := w.store.Delivery(t.Context(), one.ID); err != nil || restored.State != returns.Published {
		t.Fatalf("%v, %v", restored.State, err)
	}
	if answer := w.fetch(t, 8); len(answer.Records) != 1 {
		t.Error("the version before is not in force again")
	}
	if err := w.act(t, one.ID, returns.ActRollBack); code(err) != "return-no-version-before" {
		t.Errorf("%v", err)
	}
}

func TestDestruction(t *testing.T) {
	w := newWorld(t)
	one := w.published(t, w.full(t, 1, rowsOf(0, 5)))
	two := w.published(t, w.full(t, 2, rowsOf(1, 6)))
	if got := *two.Report.Changes; got != (returns.Changes{Added: 1, Removed: 1, Same: 4}) {
		t.Errorf("%+v", got)
	}
	if err := w.act(t, two.ID, returns.ActDestroy); code(err) != "return-state" {
		t.Errorf("in force: %v", err)
	}
	if err := w.act(t, strings.Repeat("0", 32), returns.ActDestroy); code(err) != "return-unknown" {
		t.Errorf("unknown: %v", err)
	}
	if _, err := w.Propose(t.Context(), one.ID, returns.ActDestroy, actor, ""); code(err) != "field-missing" {
		t.Errorf("no reason: %v", err)
	}
	if err := w.act(t, one.ID, returns.ActDestroy); err != nil {
		t.Fatal(err)
	}
	if wrapped, err := w.store.PersonKey(t.Context(), returns.GenerationOwner(one.ID), returns.GenerationKey); err != nil || wrapped != nil {
		t.Error("the generation's key stands")
	}
	if answer := w.fetch(t, 3); len(answer.Records) != 1 {
		t.Error("the version in force is gone too")
	}
	// Past its time, what is in force is served no more, and can be destroyed.
	w.now = w.now.AddDate(1, 0, 1)
	found, err := w.Dataset(dataset)
	if err != nil {
		t.Fatal(err)
	}
	source := returns.NewConnector(found, w.store, w.people, w.persons, func() time.Time { return w.now })
	if _, err := source.Fetch(t.Context(), connectors.Query{Subject: person(t, 3)}); err == nil {
		t.Error("served past its time")
	}
	if err := w.Retain(t.Context()); err != nil {
		t.Error(err)
	}
	if gone, err := w.store.Delivery(t.Context(), two.ID); err != nil || gone.State != returns.Destroyed {
		t.Errorf("past its time: %s, %v", gone.State, err)
	}
}
