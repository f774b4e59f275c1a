package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"kapok/gateway/cases"
)

// proofMaterial is the material that the licence stands for: the matter's second.
const proofMaterial = "2"

// tellOfCase is a signed call about the case BT-1.
func (c *caller) tellOfCase(node int, what string, body map[string]any) answer {
	c.w.t.Helper()
	body["service_item"], body["case_no"] = butieMatter, "BT-1"
	raw, err := json.Marshal(body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	s := c.shot(string(raw))
	s.node, s.target = node, publicURL+"/v1/cases/"+what
	return c.send(s)
}

func acceptedBy(code, exchange string) map[string]any {
	return map[string]any{"officer_ref": "terminal-07", "materials": []map[string]any{{"code": code, "met_by": exchange}}}
}

// asksForNoPaperTwice: what the licence met at 受理 is not asked for again, by no step
// and on no node, and who tries stands on the supervisor's list.
func (w *world) asksForNoPaperTwice(counter *caller, exchange, ref string) {
	t := w.t
	t.Helper()
	for name, wrong := range map[string]struct {
		body map[string]any
		code string
	}{
		"an exchange that nobody made":          {acceptedBy(proofMaterial, strings.Repeat("0", 32)), "exchange-not-of-case"},
		"a material that the item is not for":   {acceptedBy("1", exchange), "item-not-for-material"},
		"a material that the matter has not":    {acceptedBy("9", exchange), "material-unknown"},
		"both paper and waived":                 {map[string]any{"materials": []map[string]any{{"code": "1", "paper": true, "waived": true}}}, "field-invalid"},
		"a member that the API does not know":   {map[string]any{"materials": []any{}, "x": 1}, "json-malformed"},
		"no exchange, no paper, nothing waived": {map[string]any{"materials": []map[string]any{{"code": "1"}}}, "field-invalid"},
	} {
		if got := counter.tellOfCase(0, "acceptance", wrong.body); got.problem(t).Code != wrong.code {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := counter.tellOfCase(0, "acceptance", acceptedBy(proofMaterial, exchange)); got.status != http.StatusOK || !strings.Contains(string(got.body), `"state":"met"`) {
		t.Fatalf("the acceptance: %d %s", got.status, got.body)
	}
	again := counter.tellOfCase(1, "demands", map[string]any{"material": proofMaterial, "step": "审查", "officer_ref": "officer-9"})
	if p := again.problem(t); again.status != http.StatusConflict || p.Code != cases.PaperAgain || !strings.Contains(p.Detail, "不得再要求提交纸质材料") {
		t.Errorf("asking again: %d %s", again.status, again.body)
	}
	paper := counter.tellOfCase(0, "acceptance", map[string]any{"materials": []map[string]any{{"code": proofMaterial, "paper": true}}})
	if paper.problem(t).Code != cases.PaperAgain {
		t.Errorf("paper in the place of what was met: %d %s", paper.status, paper.body)
	}
	if got := counter.tellOfCase(0, "demands", map[string]any{"material": "1", "step": "受理"}); got.status != http.StatusCreated {
		t.Errorf("asking for what nothing met: %d %s", got.status, got.body)
	}
	kept := w.nodes[1].newCases()
	reported, err := kept.Reported(t.Context(), cases.Place{}, 10)
	if err != nil || len(reported) != 2 || reported[1].Officer != "officer-9" || reported[1].Material != proofMaterial {
		t.Errorf("the supervisor's list: %+v, %v", reported, err)
	}
	w.decided(counter, kept)
	w.stands(ref, "case-accepted", "paper-demand-refused", "paper-demanded", "case-decided")
}

func (w *world) decided(counter *caller, kept *cases.Service) {
	w.t.Helper()
	body := map[string]any{"decided_at": time.Now().UTC().Format(time.RFC3339), "documents": []map[string]any{{"name": "批准决定书", "seal": "electronic"}, {"name": "回执", "seal": "ink"}}}
	for range 2 { // the second time it stands
		if got := counter.tellOfCase(0, "decision", body); got.status != http.StatusOK {
			w.t.Fatalf("the decision: %d %s", got.status, got.body)
		}
	}
	found, err := kept.Rates(w.t.Context(), cases.Period{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour), Department: "tianhe-renshe"})
	if err != nil {
		w.t.Fatal(err)
	}
	want := map[cases.RateName][2]int64{cases.MaterialsRate: {1, 2}, cases.LicenceUse: {1, 2}, cases.SealUse: {1, 2}}
	for _, r := range found {
		if got := [2]int64{r.Met, r.Of}; got != want[r.Rate] || r.Target != 90 || r.Reached {
			w.t.Errorf("%s is %v, target %d, reached %v", r.Label, got, r.Target, r.Reached)
		}
		delete(want, r.Rate)
	}
	if len(want) > 0 {
		w.t.Errorf("no such rates: %v", want)
	}
}

// TestTimelyIssue: a licence issued on the day of its case's decision is in time; one
// that came late, and one that never came, are not.
func TestTimelyIssue(t *testing.T) {
	w := newWorld(t, 1)
	kept, service := w.nodes[0].newCases(), w.nodes[0].licences
	minzhengDesk := cases.Actor{Officer: minzheng.Ref, Department: minzheng.Department}
	now := time.Now()
	for i, decided := range []time.Time{now.Add(-time.Hour), now.Add(-72 * time.Hour)} {
		d := draftFor(w, i, "DB-T"+string(rune('0'+i)))
		d.CaseNo, d.DecidedAt = d.Number, decided
		if _, err := service.Register(t.Context(), minzheng, d, true); err != nil {
			t.Fatal(err)
		}
	}
	for number, decided := range map[string]time.Time{"DB-NEVER": now.Add(-48 * time.Hour), "DB-JUST-NOW": now.Add(-time.Minute)} {
		if _, err := kept.Decide(t.Context(), minzhengDesk, dibaoMatter, number, decided, nil); err != nil {
			t.Fatal(err)
		}
	}
	found, err := kept.Rates(t.Context(), cases.Period{From: now.AddDate(0, 0, -7), To: now})
	if err != nil || len(found) != 1 || found[0].Rate != cases.TimelyIssue || found[0].Met != 1 || found[0].Of != 3 {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := kept.One(t.Context(), minzhengDesk, butieMatter, "BT-1"); err == nil {
		t.Error("a department sees another's case")
	}
}
