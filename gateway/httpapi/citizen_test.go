package httpapi_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kapok/cmd/kapok-sandbox/people"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/httpapi"
	"kapok/gateway/ledger"
)

// terms is a consent that the example's grants allow.
func terms(change ...func(map[string]any)) map[string]any {
	t := map[string]any{
		"department": "tianhe-minzheng", "system": "tianhe-minzheng-dibao", "item": "1010010001/000001",
		"fields": []string{"name", "household_address", "state"}, "operation": "VIEW",
		"service_item": "11440106KAPK0002272010511001000", "purpose": "assistance-review",
		"expires": time.Now().Add(24 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	for _, c := range change {
		c(t)
	}
	return t
}

func with(name string, value any) func(map[string]any) {
	return func(t map[string]any) { t[name] = value }
}

func without(name string) func(map[string]any) { return func(t map[string]any) { delete(t, name) } }

func (b *browser) post(path string, body any) answer {
	b.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(http.MethodPost, path, string(encoded))
}

func decode[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// consent reads the notice and agrees.
func (b *browser) consent(change ...func(map[string]any)) httpapi.Basis {
	b.t.Helper()
	wish := terms(change...)
	notice := b.post("/v1/me/bases/notice", wish)
	notice.wants(b.t, 200, "")
	wish["notice_sm3"] = decode[httpapi.Notice](b.t, notice).SM3
	granted := b.post("/v1/me/bases", wish)
	granted.wants(b.t, 201, "")
	return decode[httpapi.Basis](b.t, granted)
}

func TestConsentAndItsEnd(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-01")
	granted := b.consent()
	if granted.State != httpapi.BasisStateACTIVE || granted.Kind != httpapi.BasisKindCONSENT || granted.Department.Name == "" || len(granted.Fields) != 3 {
		t.Fatalf("granted %+v", granted)
	}
	listed := decode[httpapi.BasisList](t, b.get("/v1/me/bases"))
	if len(listed.Bases) != 1 || listed.Bases[0].ID != granted.ID || listed.Bases[0].State != httpapi.BasisStateACTIVE {
		t.Fatalf("listed %+v", listed)
	}
	withdraw := "/v1/me/bases/" + granted.ID + "/withdraw"
	b.do(http.MethodPost, withdraw, "").wants(t, 204, "")
	b.do(http.MethodPost, withdraw, "").wants(t, 204, "")
	if again := decode[httpapi.BasisList](t, b.get("/v1/me/bases")); again.Bases[0].State != httpapi.BasisStateWITHDRAWN {
		t.Errorf("after withdrawal %+v", again)
	}
	var kinds []string
	for _, one := range decode[httpapi.AccessPage](t, b.get("/v1/me/accesses")).Accesses {
		kinds = append(kinds, one.Kind)
	}
	if got := strings.Join(kinds, " "); got != "basis-withdrawn basis-granted" {
		t.Errorf("the record says %q", got)
	}
	b.filtersAndExports()
}

// filtersAndExports: a person's list by what they ask for, and the whole of it as a file,
// which leaves an entry.
func (b *browser) filtersAndExports() {
	t := b.t
	t.Helper()
	for query, want := range map[string]int{
		"kind=basis-granted": 1, "kind=basis-granted,basis-withdrawn": 2, "department=tianhe-minzheng": 2, "department=mps": 0,
		"item=" + url.QueryEscape("1010010001/000001"): 2, "since=2999-01-01T00:00:00Z": 0, "until=2000-01-01T00:00:00Z": 0, "limit=1": 1,
	} {
		page := decode[httpapi.AccessPage](t, b.get("/v1/me/accesses?"+query))
		if len(page.Accesses) != want || (query == "limit=1") != (page.Next != "") {
			t.Errorf("%s: %d entries, next %q", query, len(page.Accesses), page.Next)
		}
	}
	table := b.get("/v1/me/accesses/export?format=csv")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(table.body), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][1] != "basis-withdrawn" || rows[2][1] != "basis-granted" || !strings.HasSuffix(rows[1][16], "/receipt") {
		t.Errorf("the table: %v %v", rows, err)
	}
	lines := b.get("/v1/me/accesses/export?format=jsonl&kind=basis-granted,basis-paused")
	if got := strings.Count(string(lines.body), "\n"); got != 1 || strings.Contains(string(lines.body), `"officer"`) {
		t.Errorf("%d lines: %s", got, lines.body)
	}
	b.get("/v1/me/accesses/export?format=exe").wants(t, 400, "")
	b.get("/v1/me/accesses/export?format=csv&since=yesterday").wants(t, 400, "")
}

func TestNoticeBindsTheTerms(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-01")
	notice := decode[httpapi.Notice](t, b.post("/v1/me/bases/notice", terms()))
	if !strings.Contains(notice.Text, "户籍地址") {
		t.Errorf("the notice does not name the fields: %s", notice.Text)
	}
	b.post("/v1/me/bases", terms(with("notice_sm3", strings.Repeat("0", 64)))).wants(t, 409, "notice-mismatch")
	b.post("/v1/me/bases", terms(with("notice_sm3", notice.SM3), with("operation", "COPY"))).wants(t, 409, "notice-mismatch")
	if listed := decode[httpapi.BasisList](t, b.get("/v1/me/bases")); len(listed.Bases) != 0 {
		t.Error("a consent came about")
	}
}

func TestConsentStaysWithinTheGrant(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-01")
	p := b.post("/v1/me/bases/notice", terms(with("fields", []string{"name", "birthplace", "native_place"}))).wants(t, 412, "fields-exceed")
	if strings.Join(p.Fields, " ") != "birthplace native_place" {
		t.Errorf("excess %v", p.Fields)
	}
	b.post("/v1/me/bases/notice", terms(with("purpose", "employment-subsidy"))).wants(t, 403, "purpose-not-granted")
	b.post("/v1/me/bases/notice", terms(with("department", "tianhe-renshe"))).wants(t, 400, "field-invalid")
}

// TestOnePersonNeverReachesAnothers: what is another's looks as if it did not exist.
func TestOnePersonNeverReachesAnothers(t *testing.T) {
	w := newWorld(t)
	a, b := w.browser(t).signIn("citizen-01"), w.browser(t).signIn("citizen-02")
	granted := a.consent()
	if listed := decode[httpapi.BasisList](t, b.get("/v1/me/bases")); len(listed.Bases) != 0 {
		t.Errorf("B lists %+v", listed)
	}
	if page := decode[httpapi.AccessPage](t, b.get("/v1/me/accesses")); len(page.Accesses) != 0 {
		t.Errorf("B sees %+v", page)
	}
	mine := decode[httpapi.AccessPage](t, a.get("/v1/me/accesses")).Accesses[0]
	a.get(mine.Receipt).wants(t, 200, "")
	same(t, b.get(mine.Receipt), b.get("/v1/me/accesses/"+url.PathEscape(origin)+"/999/receipt"))
	same(t, b.do(http.MethodPost, "/v1/me/bases/"+granted.ID+"/withdraw", ""),
		b.do(http.MethodPost, "/v1/me/bases/"+strings.Repeat("0", 32)+"/withdraw", ""))
	if again := decode[httpapi.BasisList](t, a.get("/v1/me/bases")); again.Bases[0].State != httpapi.BasisStateACTIVE {
		t.Error("B ended A's consent")
	}
}

// same wants two 404s that differ in nothing but the trace id.
func same(t *testing.T, one, other answer) {
	t.Helper()
	p, q := mustBeProblem(t, one), mustBeProblem(t, other)
	p.TraceID, q.TraceID = "", ""
	if one.StatusCode != 404 || fmt.Sprint(p) != fmt.Sprint(q) {
		t.Errorf("another's answers %+v, none answers %+v", p, q)
	}
}

func TestStaffAndCitizensDoNotMix(t *testing.T) {
	w := newWorld(t)
	for subject, refused := range map[string][]string{
		"citizen-01":        {"GET /v1/bureau/exchanges", "POST /v1/bureau/bases"},
		"staff-bureau-01":   {"GET /v1/me/accesses", "GET /v1/me/bases", "POST /v1/me/bases", "POST /v1/me/bases/notice"},
		"staff-auditor-01":  {"GET /v1/me/accesses", "POST /v1/bureau/bases"},
		"staff-approver-01": {"GET /v1/bureau/exchanges", "POST /v1/bureau/bases"},
	} {
		b := w.browser(t).signIn(subject)
		for _, operation := range refused {
			method, path, _ := strings.Cut(operation, " ")
			b.do(method, path, "").wants(t, 403, "role-missing")
		}
	}
}

func TestReceiptOfTheCitizenVerifies(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-01")
	b.consent()
	page := decode[httpapi.AccessPage](t, b.get("/v1/me/accesses"))
	receipt := b.get(page.Accesses[0].Receipt)
	bundle, err := ledger.ParseBundle(b.get("/v1/trust").body)
	if err != nil {
		t.Fatal(err)
	}
	report := ledger.VerifyReceipt(receipt.body, bundle, sm.NewVerifier(sm.VerifierOptions{Both: true}))
	if !report.OK() {
		t.Fatalf("it does not verify: %+v", report.Steps)
	}
	spoiled := bytes.Clone(receipt.body)
	spoiled[len(spoiled)/2] ^= 1
	if ledger.VerifyReceipt(spoiled, bundle, sm.NewVerifier(sm.VerifierOptions{Both: true})).OK() {
		t.Error("a changed receipt verifies")
	}
	points := decode[httpapi.CheckpointList](t, b.get("/v1/ledger/checkpoints"))
	if len(points.Checkpoints) != 1 || points.Checkpoints[0].Origin != origin || points.Checkpoints[0].Size != 5 { // two first editions, the consent, and two readings
		t.Errorf("checkpoints %+v", points)
	}
}

// use puts an exchange into the ledger, as the one path does.
func (w *world) use(t testing.TB, subject string, fields ...ledger.Field) ledger.Sealed {
	t.Helper()
	sealed, err := w.stores.log.Append(t.Context(), ledger.Append{Subject: subject, Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: "outcome", Ref: strings.Repeat("ab", 16), At: time.Now(), Fields: append([]ledger.Field{
			{Name: "department", Value: "tianhe-minzheng"}, {Name: "system", Value: "tianhe-minzheng-dibao"},
			{Name: "item", Value: "1010010001/000001@1"}, {Name: "fields", Value: "name,state"}, {Name: "returned", Value: "state"},
			{Name: "officer", Value: "officer-0001"}, {Name: "service-item", Value: "11440106KAPK0002272010511001000"},
			{Name: "case", Value: "DB-2026-000001"}, {Name: "purpose", Value: "assistance-review"}, {Name: "provider", Value: "mps"},
			{Name: "result", Value: "released"}, {Name: "operation", Value: "VIEW"},
		}, fields...)}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func (w *world) subjectRef(t testing.TB, index int) string {
	t.Helper()
	register, err := people.NewRegister(0)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := gateway.ParseIdentity(gateway.CitizenID, register.At(index).Number)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := w.stores.people.SubjectRef(t.Context(), identity)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestCitizenSeesWhoAskedInPlainWords(t *testing.T) {
	w := newWorld(t)
	w.use(t, w.subjectRef(t, 0))
	got := w.browser(t).signIn("citizen-01").get("/v1/me/accesses")
	one := decode[httpapi.AccessPage](t, got).Accesses[0]
	if one.Department.Name != "广州市天河区民政局" || one.Item.Name != "居民户籍登记信息" || one.Asked[1].Label != "户籍状态" ||
		len(one.Returned) != 1 || one.ServiceItem.Name != "最低生活保障审核确认" || one.Purpose.Name != "社会救助资格审核" || one.Result != "released" {
		t.Errorf("shown %s", got.body)
	}
	if strings.Contains(string(got.body), "officer-0001") {
		t.Error("the citizen sees the officer")
	}
	receipt := w.browser(t).signIn("citizen-01").get(one.Receipt)
	if strings.Contains(string(receipt.body), "officer-0001") || strings.Contains(string(receipt.body), w.subjectRef(t, 0)) {
		t.Error("the receipt shows the officer or the reference")
	}
}

func TestBureauSeesExchangesWithoutPeople(t *testing.T) {
	w := newWorld(t)
	ref := w.subjectRef(t, 0)
	w.use(t, ref)
	for subject, officer := range map[string]bool{"staff-bureau-01": false, "staff-auditor-01": true} {
		got := w.browser(t).signIn(subject).get("/v1/bureau/exchanges")
		got.wants(t, 200, "")
		if strings.Contains(string(got.body), ref) {
			t.Errorf("%s sees whom it concerns", subject)
		}
		if strings.Contains(string(got.body), "officer-0001") != officer {
			t.Errorf("%s and the officer: %s", subject, got.body)
		}
	}
}

func TestPagesFollowEachOther(t *testing.T) {
	w := newWorld(t)
	ref := w.subjectRef(t, 0)
	for range 7 {
		w.use(t, ref)
	}
	for subject, path := range map[string]string{"citizen-01": "/v1/me/accesses", "staff-bureau-01": "/v1/bureau/exchanges"} {
		b, seen, cursor := w.browser(t).signIn(subject), map[int64]bool{}, ""
		for {
			page := decode[httpapi.AccessPage](t, b.get(path+"?limit=3"+cursor))
			for _, one := range page.Accesses {
				if seen[one.Index] {
					t.Errorf("%s: entry %d comes twice", path, one.Index)
				}
				if one.Kind == "outcome" { // the first editions stand there as well, and this reading as it goes
					seen[one.Index] = true
				}
			}
			if page.Next == "" {
				break
			}
			cursor = "&cursor=" + page.Next
		}
		if len(seen) != 7 {
			t.Errorf("%s: %d of 7 entries", path, len(seen))
		}
		b.get(path+"?cursor=AAAA").wants(t, 400, "field-invalid")
	}
}

func TestStatutoryBasis(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("staff-bureau-01")
	opened := b.post("/v1/bureau/bases", terms(with("legal_provision", "social-assistance-58")))
	opened.wants(t, 201, "")
	if got := decode[httpapi.Basis](t, opened); got.Kind != httpapi.BasisKindSTATUTORY || got.LegalProvision.Article == "" {
		t.Errorf("opened %+v", got)
	}
	b.post("/v1/bureau/bases", terms(with("legal_provision", "none-such"))).wants(t, 400, "field-invalid")
}
