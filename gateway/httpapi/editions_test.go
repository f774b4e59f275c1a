package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"kapok/catalog"
	"kapok/catalog/spreadsheet"
	"kapok/gateway/httpapi"
	"kapok/policies"
)

// texts are the files of a folder, as the API takes them, with one text changed.
func texts(t *testing.T, folder fs.FS, from, to string) []map[string]string {
	t.Helper()
	files, changed := []map[string]string{}, from == ""
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".txtar") || strings.HasSuffix(name, ".json") {
			return err
		}
		content, err := fs.ReadFile(folder, name)
		text := strings.Replace(string(content), from, to, 1)
		changed = changed || text != string(content)
		files = append(files, map[string]string{"name": name, "text": text})
		return err
	})
	if err != nil || !changed {
		t.Fatalf("no text %q: %v", from, err)
	}
	return files
}

// TestAnEditionTakesTwoPeople: the way of an edition of the catalogue, over sockets.
func TestAnEditionTakesTwoPeople(t *testing.T) {
	w := newWorld(t)
	one, two, auditor := w.browser(t).signIn("staff-bureau-01"), w.browser(t).signIn("staff-bureau-02"), w.browser(t).signIn("staff-auditor-01")
	same := texts(t, catalog.Example(), "", "")
	one.post("/v1/proposals", map[string]any{"kind": "catalogue", "files": same, "reason": "无"}).wants(t, 409, "edition-unchanged")
	changed := texts(t, catalog.Example(), "name: 居民户籍登记信息\n    provider: mps", "name: 居民户籍登记信息(新)\n    provider: mps")
	plan := one.post("/v1/catalog/plans", map[string]any{"files": changed})
	plan.wants(t, 200, "")
	if p := decode[httpapi.CataloguePlan](t, plan); p.Based != 1 || len(p.Changes) != 1 || p.Changes[0].Member != "name" {
		t.Errorf("planned %+v", p)
	}
	propose := func(b *browser) httpapi.Proposal {
		made := b.post("/v1/proposals", map[string]any{"kind": "catalogue", "files": changed, "reason": "更名"})
		made.wants(t, 201, "")
		return decode[httpapi.Proposal](t, made)
	}
	first, second, third := propose(one), propose(one), propose(two)
	event := func(b *browser, id, event, reason string) answer {
		return b.post("/v1/proposals/"+id+"/events", map[string]any{"event": event, "reason": reason})
	}
	event(one, first.ID, "confirmed", "").wants(t, 403, "second-person")
	event(auditor, first.ID, "confirmed", "").wants(t, 403, "role-missing")
	event(two, first.ID, "withdrawn", "").wants(t, 403, "not-your-proposal")
	event(two, third.ID, "rejected", "").wants(t, 400, "reason-missing")
	event(one, third.ID, "rejected", "重复").wants(t, 200, "")
	if got := decode[httpapi.Proposal](t, auditor.get("/v1/proposals/"+first.ID)); got.State != "open" || len(got.Changes) != 1 || got.Reason != "更名" {
		t.Errorf("open as %+v", got)
	}
	done := event(two, first.ID, "confirmed", "同意")
	done.wants(t, 200, "")
	if got := decode[httpapi.Proposal](t, done); got.State != "published" || got.DecidedBy != "staff-bureau-02" || got.DecidedReason != "同意" {
		t.Errorf("published as %+v", got)
	}
	event(two, first.ID, "confirmed", "").wants(t, 409, "proposal-decided")
	event(two, second.ID, "confirmed", "").wants(t, 409, "edition-outdated")
	event(one, second.ID, "withdrawn", "").wants(t, 200, "")
	listed := decode[httpapi.EditionList](t, auditor.get("/v1/editions/catalogue"))
	if len(listed.Editions) != 2 || !listed.Editions[0].InForce || listed.Editions[0].ProposedBy != "staff-bureau-01" || listed.Editions[0].ConfirmedBy != "staff-bureau-02" {
		t.Errorf("editions %+v", listed)
	}
	if got := decode[httpapi.ChangeList](t, auditor.get("/v1/editions/catalogue/2/changes")); len(got.Changes) != 1 {
		t.Errorf("changed %+v", got)
	}
	edition := decode[httpapi.EditionFiles](t, auditor.get("/v1/editions/catalogue/2"))
	if len(edition.Files) < 5 || !edition.Edition.InForce {
		t.Errorf("edition 2 has %d files", len(edition.Files))
	}
	auditor.get("/v1/editions/catalogue/9").wants(t, 404, "edition-unknown")
	auditor.get("/v1/proposals/"+strings.Repeat("0", 32)).wants(t, 404, "proposal-unknown")
	if left := decode[httpapi.ProposalList](t, one.get("/v1/proposals?kind=catalogue&open=true")); len(left.Proposals) != 0 {
		t.Errorf("still open: %+v", left)
	}
	w.recorded(t, "catalogue-proposed", "catalogue-rejected", "catalogue-published", "catalogue-withdrawn")
}

// TestAFormIsProposed: departments propose by the spreadsheet, for their own items, and
// are told every mistake at its cell.
func TestAFormIsProposed(t *testing.T) {
	w := newWorld(t)
	provider, other := w.browser(t).signIn("staff-provider-01"), w.browser(t).signIn("staff-provider-02")
	form := provider.get("/v1/catalog/form?filled=true")
	if form.StatusCode != 200 || !bytes.HasPrefix(form.body, []byte("PK")) {
		t.Fatalf("the form: %d", form.StatusCode)
	}
	sheets, err := spreadsheet.Open("f.xlsx", form.body)
	if err != nil {
		t.Fatal(err)
	}
	csv := func(change func(row, column int, cell string) string) map[string]any {
		var out strings.Builder
		for r, row := range sheets[0].Rows {
			for c, cell := range row {
				out.WriteString(`"` + strings.ReplaceAll(change(r, c, cell), `"`, `""`) + `",`)
			}
			out.WriteString("\n")
		}
		return map[string]any{"name": "表.csv", "content": base64.StdEncoding.EncodeToString([]byte(out.String()))}
	}
	same := csv(func(_, _ int, cell string) string { return cell })
	provider.post("/v1/proposals", map[string]any{"kind": "catalogue", "form": same, "reason": "r"}).wants(t, 409, "edition-unchanged")
	renamed := csv(func(_, _ int, cell string) string {
		return strings.Replace(cell, "居民户籍登记信息", "居民户籍信息", 1)
	})
	other.post("/v1/proposals", map[string]any{"kind": "catalogue", "form": renamed, "reason": "r"}).wants(t, 403, "not-your-item")
	made := provider.post("/v1/proposals", map[string]any{"kind": "catalogue", "form": renamed, "reason": "按表更新"})
	made.wants(t, 201, "")
	if p := decode[httpapi.Proposal](t, made); len(p.Changes) != 1 || p.Changes[0].ID != "1010010001/000001" {
		t.Errorf("proposed %+v", p)
	}
	broken := csv(func(r, c int, cell string) string {
		if r > 0 && (c == 1 || c == 11) && cell != "" {
			return "无效的值"
		}
		return cell
	})
	got := provider.post("/v1/catalog/plans", map[string]any{"form": broken})
	p := got.wants(t, 400, "draft-invalid")
	if strings.Contains(string(got.body), "无效的值") || len(p.Places) < 4 || p.Places[0].Cell != "B2" || p.Places[0].Heading != "版本" {
		t.Errorf("places %+v", p.Places)
	}
	wrong := texts(t, catalog.Example(), "shared_type: 有条件", "shared_type: 随便")
	if p := provider.post("/v1/catalog/plans", map[string]any{"files": wrong}).wants(t, 400, "draft-invalid"); len(p.Places) == 0 || p.Places[0].Row == 0 {
		t.Errorf("places of files %+v", p.Places)
	}
	provider.post("/v1/catalog/plans", map[string]any{}).wants(t, 400, "field-invalid")
	provider.post("/v1/proposals", map[string]any{"kind": "catalogue", "reason": "r", "replay": strings.Repeat("0", 32)}).wants(t, 400, "field-invalid")
}

// TestPoliciesAreProposedWithTheirReplay: no replay, no proposal; and what does not fit
// the catalogue is refused.
func TestPoliciesAreProposedWithTheirReplay(t *testing.T) {
	w := newWorld(t)
	one, two := w.browser(t).signIn("staff-bureau-01"), w.browser(t).signIn("staff-bureau-02")
	rule := map[string]string{"name": "district/more.cedar", "text": "// 依据: 测试\n@id(\"more\") @zh(\"测试\") @en(\"test\") @remedy_zh(\"无\") @remedy_en(\"none\") forbid (principal, action, resource == Item::\"1010010001/000001\");\n"}
	files := append(texts(t, policies.Example(), "", ""), rule)
	unfit := maps.Clone(rule)
	unfit["text"] = strings.Replace(rule["text"], "1010010001/000001", "1010010001/999999", 1)
	replay := func(files []map[string]string) answer {
		return one.post("/v1/policies/replays", map[string]any{"files": files, "since_days": 30})
	}
	replay(append(texts(t, policies.Example(), "", ""), unfit)).wants(t, 409, "edition-unfit")
	unfit["text"] = "permit(principal, action, resource) when { resource.nothing };"
	replay(append(texts(t, policies.Example(), "", ""), unfit)).wants(t, 400, "policies-invalid")
	begun := replay(files)
	begun.wants(t, 202, "")
	r := decode[httpapi.PolicyReplay](t, begun)
	propose := map[string]any{"kind": "policies", "replay": r.ID, "reason": "收紧"}
	one.post("/v1/proposals", propose).wants(t, 409, "replay-not-done")
	if err := w.publishing.RunReplay(t.Context(), r.ID); err != nil { // the node's job does it
		t.Fatal(err)
	}
	r = decode[httpapi.PolicyReplay](t, one.get("/v1/policies/replays/"+r.ID))
	if r.State != "done" || len(r.ReportDigest) != 64 || !json.Valid([]byte(r.Report)) {
		t.Fatalf("replayed %+v", r)
	}
	made := one.post("/v1/proposals", propose)
	made.wants(t, 201, "")
	p := decode[httpapi.Proposal](t, made)
	if p.Report != r.ReportDigest {
		t.Errorf("proposed with the report %q", p.Report)
	}
	one.post("/v1/proposals/"+p.ID+"/events", map[string]any{"event": "confirmed"}).wants(t, 403, "second-person")
	two.post("/v1/proposals/"+p.ID+"/events", map[string]any{"event": "confirmed"}).wants(t, 200, "")
	if got := decode[httpapi.ChangeList](t, two.get("/v1/editions/policies/2/changes")); len(got.Changes) != 1 || got.Changes[0].ID != "district/more.cedar" {
		t.Errorf("changed %+v", got)
	}
	one.post("/v1/proposals", propose).wants(t, 409, "edition-outdated")
	// The published policies speak of an item: a catalogue without it no longer fits.
	gone := texts(t, catalog.Example(), "", "")
	for i, file := range gone {
		if file["name"] == "items/household.yaml" {
			gone[i]["text"] = strings.ReplaceAll(file["text"], "1010010001/000001", "1010010001/000002")
			continue
		}
		gone[i]["text"] = strings.ReplaceAll(file["text"], "1010010001/000001", "1010010001/000002")
	}
	one.post("/v1/proposals", map[string]any{"kind": "catalogue", "files": gone, "reason": "r"}).wants(t, 409, "edition-unfit")
}

// TestExplain: a refusal tells what would make it allowed, and departments ask about
// themselves only.
func TestExplain(t *testing.T) {
	w := newWorld(t)
	question := map[string]any{
		"system": "tianhe-minzheng-dibao", "item": "1010010001/000001", "fields": []string{"name", "state"}, "operation": "VIEW",
		"service_item": "11440106KAPK0002272010511001000", "purpose": "assistance-review",
	}
	own, other, bureau := w.browser(t).signIn("staff-consumer-02"), w.browser(t).signIn("staff-consumer-01"), w.browser(t).signIn("staff-bureau-01")
	refused := own.post("/v1/policies/explain", question)
	refused.wants(t, 200, "")
	if got := decode[httpapi.DecisionExplained](t, refused); got.Allowed || got.Code != "basis-missing" || len(got.Steps) == 0 || got.RemedyZh == "" || got.RemedyEn == "" {
		t.Errorf("explained %+v", got)
	}
	question["basis_kind"] = "STATUTORY"
	if got := decode[httpapi.DecisionExplained](t, bureau.post("/v1/policies/explain", question)); !got.Allowed || got.Grant == "" {
		t.Errorf("explained %+v", got)
	}
	other.post("/v1/policies/explain", question).wants(t, 403, "not-your-system")
	question["item"] = "1010010001/999999"
	bureau.post("/v1/policies/explain", question).wants(t, 404, "item-unknown")
}

// TestATerminalIsTheSamePerson: its token signs in, and ends by itself.
func TestATerminalIsTheSamePerson(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("staff-bureau-01")
	made := b.do("POST", "/v1/me/terminals", "")
	made.wants(t, 201, "")
	terminal := decode[httpapi.Terminal](t, made)
	plain := w.browser(t)
	me := plain.do("GET", "/v1/me", "", "Cookie", "kapok="+terminal.Token)
	me.wants(t, 200, "")
	if got := decode[httpapi.Me](t, me); len(got.Roles) == 0 || got.CSRFToken == b.csrf {
		t.Errorf("the terminal is %+v", got)
	}
}
