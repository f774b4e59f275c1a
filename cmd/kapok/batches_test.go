package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"kapok/cmd/kapok-sandbox/people"
	"kapok/gateway/grants"
	"kapok/gateway/ledger"
)

// orders calls an address that a signed command goes to.
func (c *caller) orders(method, path string, body any) answer {
	c.w.t.Helper()
	s := c.shot("")
	s.method, s.target = method, publicURL+path
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			c.w.t.Fatal(err)
		}
		s.body = encoded
	}
	return c.send(s)
}

// into reads a good answer.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatal(err)
	}
}

type batchSeen struct {
	BatchID string         `json:"batch_id"`
	State   string         `json:"state"`
	Counts  map[string]int `json:"counts"`
	More    bool           `json:"more"`
	Results []struct {
		Position int      `json:"position"`
		Exchange *release `json:"exchange"`
		Meets    *bool    `json:"meets"`
		Asked    []struct {
			ExchangeID string `json:"exchange_id"`
		} `json:"asked"`
		Problem *struct {
			Code      string   `json:"code"`
			Exchanges []string `json:"exchanges"`
		} `json:"problem"`
	} `json:"results"`
}

type aboutOne struct {
	IDType   string   `json:"id_type"`
	IDNumber string   `json:"id_number"`
	BasisIDs []string `json:"basis_ids,omitempty"`
}

// everybody names n made-up citizens; those after the named ones stand in no register.
func everybody(t *testing.T, n int) []aboutOne {
	t.Helper()
	register, err := people.NewRegister(n)
	if err != nil {
		t.Fatal(err)
	}
	var all []aboutOne
	for i := range n {
		all = append(all, aboutOne{IDType: "111", IDNumber: register.At(i).Number})
	}
	return all
}

func batchOf(basis string, subjects []aboutOne) map[string]any {
	return map[string]any{
		"item": household, "fields": []string{"name", "state"}, "operation": "VIEW", "basis_id": basis,
		"service_item": dibaoMatter, "case_no": "DB-2026-000001", "officer_ref": "officer-0001", "purpose": "assistance-review",
		"subjects": subjects,
	}
}

// waitFor polls a batch until it is done.
func (c *caller) waitFor(id string) (seen batchSeen) {
	c.w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		c.orders(http.MethodGet, "/v1/batches/"+id, nil).into(c.w.t, &seen)
		if seen.State == "done" {
			return seen
		}
		if time.Now().After(deadline) {
			c.w.t.Fatalf("the batch does not end: %+v", seen)
		}
	}
}

// TestBatches: many people in one order; each decided, recorded and answered alone.
func TestBatches(t *testing.T) {
	w := newWorld(t, 1)
	department, other := w.enrol(dibao), w.enrol("tianhe-renshe-butie")
	t.Run("query", func(t *testing.T) { w.query(t, department, other) })
	t.Run("eligibility", func(t *testing.T) { w.eligibility(t, department) })
	t.Run("resumed", func(t *testing.T) { w.resumed(t, department) })
	t.Run("expired", func(t *testing.T) { w.expiredBatch(t, department) })
	t.Run("bad input", func(t *testing.T) { w.badBatches(t, department) })
	t.Run("withheld", func(t *testing.T) { w.withheld(t, department) }) // the last: it stops the item
	wantNoPersonalData(t, w)
}

func (w *world) query(t *testing.T, department, other *caller) {
	subjects := everybody(t, people.Named+1)
	subjects[3].BasisIDs = []string{"00000000000000000000000000000000"}
	var placed batchSeen
	department.orders(http.MethodPost, "/v1/batches", batchOf(w.statutory("name", "state"), subjects)).into(t, &placed)
	seen := department.waitFor(placed.BatchID)
	if seen.Counts["released"] != people.Named-1 || seen.Counts["refused"] != 2 {
		t.Errorf("%+v", seen.Counts)
	}
	other.orders(http.MethodGet, "/v1/batches/"+placed.BatchID+"/results", nil).wants(t, http.StatusNotFound, "batch-unknown")
	var page batchSeen
	department.orders(http.MethodGet, "/v1/batches/"+placed.BatchID+"/results", nil).into(t, &page)
	if len(page.Results) != len(subjects) || page.More {
		t.Fatalf("%d results", len(page.Results))
	}
	for _, one := range page.Results {
		switch one.Position {
		case 3, people.Named: // a basis that does not exist; in no register
			if one.Problem == nil || one.Position == people.Named && one.Problem.Code != "record-missing" || len(one.Problem.Exchanges) != 1 {
				t.Errorf("%d: %+v", one.Position, one.Problem)
			}
		default:
			if one.Exchange == nil || one.Exchange.Data["state"] == "" || len(one.Exchange.Receipt) == 0 {
				t.Fatalf("%d: %+v", one.Position, one)
			}
			for _, entry := range wantTrail(t, w, one.Exchange.ExchangeID, "intent", "outcome") {
				if entry.Entry.Value("order") != placed.BatchID || entry.Entry.Value("result") == "failed" {
					t.Errorf("%d: %v", one.Position, entry.Entry)
				}
			}
		}
	}
	w.wantForgotten(t, placed.BatchID)
	department.orders(http.MethodGet, "/v1/batches/"+placed.BatchID+"/results", nil).wants(t, http.StatusNotFound, "batch-ended")
	var after batchSeen
	department.orders(http.MethodGet, "/v1/batches/"+placed.BatchID, nil).into(t, &after)
	if after.State != "closed" || after.Counts["fetched"] != len(subjects) || after.Counts["released"] != people.Named-1 {
		t.Errorf("%+v", after)
	}
}

// wantForgotten looks for what should be gone, which it may be a moment after the bytes
// have left.
func (w *world) wantForgotten(t *testing.T, id string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		key, err := w.nodes[0].database.Batches().BatchKey(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		left, err := w.nodes[0].database.Batches().Unfetched(t.Context(), id, 1)
		if err != nil {
			t.Fatal(err)
		}
		if key == nil && len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("results and key are still there")
		}
	}
}

// eligibility asks two conditions; who meets them all is known without a value.
func (w *world) eligibility(t *testing.T, department *caller) {
	basis := w.statutoryFor("PREDICATE", "name", "state")
	asked := func(conditions ...map[string]any) batchSeen {
		var placed batchSeen
		department.orders(http.MethodPost, "/v1/eligibility", map[string]any{
			"conditions": conditions, "service_item": dibaoMatter, "case_no": "DB-2026-000001", "officer_ref": "officer-0001",
			"purpose": "assistance-review", "subjects": everybody(t, 3),
		}).into(t, &placed)
		department.waitFor(placed.BatchID)
		var page batchSeen
		got := department.orders(http.MethodGet, "/v1/batches/"+placed.BatchID+"/results", nil)
		got.into(t, &page)
		if bytes.Contains(got.body, []byte("data_salt")) || bytes.Contains(got.body, []byte(`"data":{`)) {
			t.Error("which condition failed can be told from the answer")
		}
		return page
	}
	first := map[string]any{"item": household, "basis_id": basis, "tests": []map[string]any{{"field": "state", "test": "in", "value": []string{"正常"}}}}
	named := map[string]any{"item": household, "basis_id": basis, "tests": []map[string]any{{"field": "name", "test": "=", "value": "测试甲"}}}
	met := map[bool]int{}
	for _, one := range asked(first, named).Results {
		if one.Meets == nil || len(one.Asked) != 2 {
			t.Fatalf("%+v", one)
		}
		met[*one.Meets]++
		for _, entry := range wantTrail(t, w, one.Asked[1].ExchangeID, "intent", "outcome") {
			if entry.Entry.Value("tests") != "name =" {
				t.Errorf("the %s says the tests %q", entry.Entry.Kind, entry.Entry.Value("tests"))
			}
		}
	}
	if met[true] > 1 || met[false] < 2 {
		t.Errorf("%v: one name is no more than one person's", met)
	}
	for i := range 3 { // with the one above: more names tried than the guard lets pass
		named["tests"] = []map[string]any{{"field": "name", "test": "=", "value": fmt.Sprint("猜", i)}}
		for _, one := range asked(named).Results {
			if refused := one.Problem != nil && one.Problem.Code == "predicate-probing"; refused != (i == 2) {
				t.Errorf("try %d: %+v", i, one.Problem)
			}
		}
	}
}

// resumed leaves a batch to a node that is gone; another goes on when its hold ends, and
// asks nobody again whose result is kept.
func (w *world) resumed(t *testing.T, department *caller) {
	basis := w.statutory("name")
	gone := make(chan struct{})
	go func() { // a node that takes whatever it can, and dies
		defer close(gone)
		for until := time.Now().Add(2 * time.Second); time.Now().Before(until); {
			id, err := w.nodes[0].database.Batches().Take(t.Context(), "node-gone", time.Now(), time.Now().Add(2*time.Second))
			if err != nil || id != "" {
				return
			}
		}
	}()
	time.Sleep(50 * time.Millisecond)
	var placed batchSeen
	body := batchOf(basis, everybody(t, people.Named))
	body["fields"] = []string{"name"}
	department.orders(http.MethodPost, "/v1/batches", body).into(t, &placed)
	<-gone
	department.waitFor(placed.BatchID)
	var page batchSeen
	department.orders(http.MethodGet, "/v1/batches/"+placed.BatchID+"/results", nil).into(t, &page)
	if len(page.Results) != people.Named {
		t.Errorf("%d results", len(page.Results))
	}
	if intents := w.intentsOf(t, placed.BatchID); intents != people.Named {
		t.Errorf("%d people were asked about in %d uses", people.Named, intents)
	}
}

// intentsOf counts the uses that were begun for an order.
func (w *world) intentsOf(t *testing.T, order string) (count int) {
	t.Helper()
	for _, entry := range recent(t, w) {
		if entry.Entry.Kind == ledger.IntentKind && entry.Entry.Value("order") == order {
			count++
		}
	}
	return count
}

// expiredBatch: results that nobody fetched are destroyed when their time is up.
func (w *world) expiredBatch(t *testing.T, department *caller) {
	var placed batchSeen
	body := batchOf(w.statutory("name", "state"), everybody(t, 2))
	department.orders(http.MethodPost, "/v1/batches", body).into(t, &placed)
	department.waitFor(placed.BatchID)
	late := *w.nodes[0].batches
	late.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	if err := late.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantForgotten(t, placed.BatchID)
	department.orders(http.MethodGet, "/v1/batches/"+placed.BatchID+"/results", nil).wants(t, http.StatusNotFound, "batch-ended")
}

func (w *world) badBatches(t *testing.T, department *caller) {
	twice := append(everybody(t, 1), everybody(t, 1)...)
	for field, body := range map[string]map[string]any{
		"/subjects":             batchOf("", nil),
		"/subjects/1":           batchOf("", twice),
		"/subjects/0":           batchOf("", []aboutOne{{IDType: "111", IDNumber: "11010519491231002Y"}}),
		"/subjects/0/basis_ids": batchOf("", []aboutOne{{IDType: "111", IDNumber: firstCitizen(), BasisIDs: []string{"a", "b"}}}),
	} {
		told := department.orders(http.MethodPost, "/v1/batches", body).problem(t)
		if told.Code != "field-invalid" || told.Field != field {
			t.Errorf("%s: %+v", field, told)
		}
	}
	unknown := batchOf("", everybody(t, 1))
	unknown["colour"] = "red"
	department.orders(http.MethodPost, "/v1/batches", unknown).wants(t, http.StatusBadRequest, "json-malformed")
	if told := department.orders(http.MethodPost, "/v1/eligibility", map[string]any{"subjects": everybody(t, 1)}).problem(t); told.Field != "/conditions" {
		t.Errorf("%+v", told)
	}
}

// withheld: what is stopped after a use was made and before its result was fetched is not
// handed out, and the person's entries say so.
func (w *world) withheld(t *testing.T, department *caller) {
	var placed batchSeen
	department.orders(http.MethodPost, "/v1/batches", batchOf(w.statutory("name", "state"), everybody(t, 2))).into(t, &placed)
	department.waitFor(placed.BatchID)
	officer := grants.Person{Ref: "staff-bureau-01", SubjectRef: "0123456789abcdef0123456789abcdef", Roles: []string{"bureau"}}
	if _, err := w.nodes[0].workflow.service.StopAtOnce(t.Context(), officer, "item", household, "test of withholding"); err != nil {
		t.Fatal(err)
	}
	got := department.orders(http.MethodGet, "/v1/batches/"+placed.BatchID+"/results", nil)
	var page batchSeen
	got.into(t, &page)
	if len(page.Results) != 2 || bytes.Contains(got.body, []byte("测试")) {
		t.Fatalf("%s", got.body)
	}
	for _, one := range page.Results {
		if one.Problem == nil || one.Problem.Code != "basis-ended" {
			t.Fatalf("%+v", one)
		}
		trail := wantTrail(t, w, one.Problem.Exchanges[0], "intent", "outcome", "outcome")
		if last := trail[len(trail)-1].Entry; last.Value("result") != "not-released" {
			t.Errorf("%v", last)
		}
	}
}
