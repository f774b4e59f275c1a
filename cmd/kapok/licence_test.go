package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/cmd/kapok-sandbox/people"
	"kapok/crypto/pki"
	"kapok/gateway"
	"kapok/gateway/licence"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/verify"
	"kapok/gateway/licensing"
	"kapok/gateway/postgres"
	"kapok/gateway/safe"
)

const (
	assistanceLicence = "11100000KAPK010257001"
	assistanceItem    = "2030010006/000001"
	identityCard      = "11100000KAPK01017C001"
	identityItem      = "1010010009/000001"
	identityMatter    = "11440106KAPK00049Y2010111001000"
	subsidyPurpose    = "employment-subsidy"
)

var minzheng = licensing.Officer{Ref: "staff-issuer-01", Department: "tianhe-minzheng"}

// holder is a person of the sandbox with their reference.
func (w *world) holder(i int) (person people.Person, ref string) {
	w.t.Helper()
	person = madeUp(i)
	identity, err := gateway.ParseIdentity(gateway.CitizenID, person.Number)
	if err != nil {
		w.t.Fatal(err)
	}
	if ref, err = w.nodes[0].people().SubjectRef(w.t.Context(), identity); err != nil {
		w.t.Fatal(err)
	}
	return person, ref
}

func draftFor(w *world, i int, number string) licensing.Draft {
	w.t.Helper()
	person, _ := w.holder(i)
	identity, err := gateway.ParseIdentity(gateway.CitizenID, person.Number)
	if err != nil {
		w.t.Fatal(err)
	}
	return licensing.Draft{
		Kind: assistanceLicence, Holder: identity, HolderName: person.Name, Number: number,
		Fields: map[string]string{"category": "A类", "household_members": "3"}, ServiceItem: dibaoMatter, CaseNo: "DB-2026-000009",
	}
}

func (w *world) issue(i int, number string) licensing.Licence {
	w.t.Helper()
	made, err := w.nodes[0].licences.Register(w.t.Context(), minzheng, draftFor(w, i, number), true)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// show makes a code for a licence of a person, as their page does.
func (w *world) show(node int, ref, purpose string) safe.Shown {
	w.t.Helper()
	shown, err := w.nodes[node].safe.Present(w.t.Context(), safe.Person{Ref: ref, Level: "L3"}, []string{assistanceItem}, purpose, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return shown
}

// scan is a counter's signed call.
func (c *caller) scan(node int, code string, operations ...gateway.Operation) answer {
	c.w.t.Helper()
	body, err := json.Marshal(map[string]any{
		"code": code, "service_item": butieMatter, "case_no": "BT-1", "officer_ref": "terminal-07", "purpose": subsidyPurpose, "operations": operations,
	})
	if err != nil {
		c.w.t.Fatal(err)
	}
	s := c.shot(string(body))
	s.node, s.target = node, publicURL+"/v1/presentations/scan"
	return c.send(s)
}

// scannedBasis is the basis that a scan gave.
func scannedBasis(t *testing.T, a answer) string {
	t.Helper()
	var got struct {
		Bases []struct {
			BasisID string `json:"basis_id"`
		} `json:"bases"`
	}
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != http.StatusOK || len(got.Bases) != 1 {
		t.Fatalf("the scan gave nothing: %d %s", a.status, a.body)
	}
	return got.Bases[0].BasisID
}

// useLicence asks for a licence on the basis of a scan, without naming the person.
func (c *caller) useLicence(node int, basisID, operation string, more map[string]any) answer {
	c.w.t.Helper()
	asked := map[string]any{
		"item": assistanceItem, "fields": []string{"name", "category"}, "operation": operation, "service_item": butieMatter,
		"case_no": "BT-1", "officer_ref": "terminal-07", "purpose": subsidyPurpose, "basis_id": basisID,
	}
	for name, value := range more {
		asked[name] = value
	}
	body, err := json.Marshal(asked)
	if err != nil {
		c.w.t.Fatal(err)
	}
	s := c.shot(string(body))
	s.node = node
	return c.send(s)
}

// TestLicenceFromIssueToAbolition goes the whole way, over two nodes.
func TestLicenceFromIssueToAbolition(t *testing.T) {
	w := newWorld(t, 2)
	made := w.issue(0, "DB20260001")
	person, ref := w.holder(0)
	counter := w.enrol(butie)

	file, err := w.nodes[1].licences.File(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	w.verifies(file, "the issued licence")

	shown := w.show(1, ref, "")
	basis := scannedBasis(t, counter.scan(0, shown.Code.Text(), gateway.Verify, gateway.Copy, gateway.View))
	again := counter.scan(1, shown.Code.Text())
	if p := again.problem(t); again.status != http.StatusConflict || p.Code != "presentation-used" || !strings.Contains(p.Detail, "screenshot") {
		t.Errorf("a screenshot was answered with %d %s", again.status, again.body)
	}

	verified := readRelease(t, counter.useLicence(1, basis, "VERIFY", map[string]any{"expected": map[string]string{"name": person.Name, "category": "B类"}}))
	if verified.Data["name"] != true || verified.Data["category"] != false {
		t.Errorf("verified %v", verified.Data)
	}
	w.asksForNoPaperTwice(counter, verified.ExchangeID, ref)
	copied := readRelease(t, counter.useLicence(0, basis, "COPY", nil))
	w.annotated(copied, file)

	if _, err := w.nodes[0].licences.Abolish(t.Context(), minzheng, made.ID, "不再符合条件"); err != nil {
		t.Fatal(err)
	}
	refused := counter.useLicence(1, basis, "VERIFY", map[string]any{"expected": map[string]string{"name": person.Name, "category": "A类"}})
	if refused.status != http.StatusForbidden || refused.problem(t).Code != "licence-abolished" {
		t.Errorf("after abolition: %d %s", refused.status, refused.body)
	}
	w.stands(ref, "licence-issued", "presentation-shown", "presentation-scanned", "basis-granted", "outcome", "refusal", "licence-abolished")
	if strings.Contains(w.logs.String(), person.Number) || strings.Contains(w.logs.String(), shown.Code.Text()) {
		t.Error("the log holds a number or a code")
	}
}

// verifies reads a file by the verifier, which trusts the root alone.
func (w *world) verifies(file []byte, what string) {
	w.t.Helper()
	root, err := pki.Parse(w.nodes[0].keyring.Root())
	if err != nil {
		w.t.Fatal(err)
	}
	report := verify.NewVerifier(verifier, verify.Trust{Roots: []*pki.Certificate{root}}, ofd.Limits{}).
		Document("test", bytes.NewReader(file), int64(len(file)))
	if report.Verdict != verify.Valid {
		text, _ := report.JSON()
		w.t.Errorf("%s is %s: %s", what, report.Verdict, text)
	}
}

// annotated looks at the copy for the case file.
func (w *world) annotated(copied release, original []byte) {
	w.t.Helper()
	kept, _ := copied.Data["annotated_copy"].(map[string]any)
	text, _ := kept["content"].(string)
	document, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(document) == 0 {
		w.t.Fatalf("no copy came: %v", copied.Data)
	}
	w.verifies(document, "the annotated copy")
	opened, err := ofd.Open(bytes.NewReader(document), int64(len(document)), ofd.Limits{})
	if err != nil {
		w.t.Fatal(err)
	}
	documents, err := opened.Documents()
	if err != nil {
		w.t.Fatal(err)
	}
	says := map[string]string{}
	for _, custom := range documents[0].Custom {
		says[custom.Name] = custom.Value
	}
	for _, name := range []string{"JZJZZSJ", "JZJZZZ", "JZJZZSY", "JZJYXQJZSJ", "ZZBS", "KZ_certificateCopyCaseNumber"} {
		if says[name] == "" {
			w.t.Errorf("the copy lacks %s: %v", name, says)
		}
	}
	page, found := "", false
	for _, name := range opened.Names() {
		content, err := opened.Read(name)
		if err != nil {
			w.t.Fatal(err)
		}
		found = found || bytes.Equal(content, original)
		page += string(content)
	}
	if !found || !strings.Contains(page, "办件 BT-1") {
		w.t.Error("the copy does not carry the original, or does not show its case on the page")
	}
}

// stands checks which kinds of entries a person finds about themselves.
func (w *world) stands(ref string, kinds ...string) {
	w.t.Helper()
	entries, err := w.nodes[0].database.Ledger().Accesses(w.t.Context(), ref, postgres.LedgerPlace{}, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(entries, func(e postgres.LedgerEntry) bool { return string(e.Entry.Kind) == kind }) {
			w.t.Errorf("no %s stands among the person's entries", kind)
		}
	}
}

// TestOneScanOfMany: of counters that scan at once on two nodes, one gets it.
func TestOneScanOfMany(t *testing.T) {
	w := newWorld(t, 2)
	w.issue(0, "DB20260001")
	_, ref := w.holder(0)
	counter := w.enrol(butie)
	shown := w.show(0, ref, "")
	const tries = 8
	statuses := make([]int, tries)
	var all sync.WaitGroup
	for i := range tries {
		all.Go(func() { statuses[i] = counter.scan(i%2, shown.Code.Text()).status })
	}
	all.Wait()
	slices.Sort(statuses)
	if statuses[0] != http.StatusOK || statuses[1] != http.StatusConflict {
		t.Errorf("answered %v", statuses)
	}
}

func TestScanRefused(t *testing.T) {
	w := newWorld(t, 1)
	w.issue(0, "DB20260001")
	_, ref := w.holder(0)
	counter, stranger := w.enrol(butie), w.enrol(dibao)
	bound := w.show(0, ref, "assistance-review").Code.Text()
	forged := []byte(w.show(0, ref, "").Code.Text())
	place := len(forged) - 20 // inside the signature
	forged[place] = map[bool]byte{true: 'B', false: 'A'}[forged[place] == 'A']
	mine := w.show(0, ref, "").Code.Text()
	for name, try := range map[string]struct {
		by   *caller
		code string
		want string
	}{
		"for another purpose":         {counter, bound, "presentation-purpose"},
		"with another signature":      {counter, string(forged), "presentation-forged"},
		"that is no code":             {counter, "KPK1.abc", "presentation-unreadable"},
		"by a system without a grant": {stranger, mine, "grant-missing"},
	} {
		t.Run(name, func(t *testing.T) {
			got := try.by.scan(0, try.code)
			if p := got.problem(t); p.Code != try.want {
				t.Errorf("answered %d %s, want %s", got.status, p.Code, try.want)
			}
		})
	}
	scannedBasis(t, counter.scan(0, mine)) // those refusals used nothing up
	w.bundle(counter, ref)
	w.takesBack(counter, ref)
}

// takesBack: a code that its holder took back is refused with that reason, and the holder
// sees that it was tried; of a scan and a taking back at once, one happens.
func (w *world) takesBack(counter *caller, ref string) {
	w.t.Helper()
	service, me := w.nodes[0].safe, safe.Person{Ref: ref, Level: "L3"}
	shown := w.show(0, ref, "")
	for range 2 { // taking back twice changes nothing
		if err := service.Cancel(w.t.Context(), me, shown.ID); err != nil {
			w.t.Fatal(err)
		}
	}
	if p := counter.scan(0, shown.Code.Text()).problem(w.t); p.Code != "presentation-cancelled" {
		w.t.Errorf("a code that was taken back: %s", p.Code)
	}
	if seen, err := service.Presented(w.t.Context(), me, shown.ID); err != nil || seen.Cancelled.IsZero() || seen.Refused != 1 || seen.RefusedCode != "presentation-cancelled" {
		w.t.Errorf("its holder sees %+v, %v", seen, err)
	}
	_, stranger := w.holder(1)
	if err := service.Cancel(w.t.Context(), safe.Person{Ref: stranger, Level: "L3"}, shown.ID); gateway.AsError(err).Code != "presentation-unknown" {
		w.t.Errorf("somebody else takes it back: %v", err)
	}
	for range 10 {
		both := w.show(0, ref, "")
		var cancelled error
		var scanned answer
		var at sync.WaitGroup
		at.Go(func() { cancelled = service.Cancel(w.t.Context(), me, both.ID) })
		at.Go(func() { scanned = counter.scan(0, both.Code.Text()) })
		at.Wait()
		if (cancelled == nil) == (scanned.status == http.StatusOK) {
			w.t.Errorf("taken back: %v, and scanned: %d", cancelled, scanned.status)
		}
	}
}

// bundle shows two licences in one code (一照通行), the identity card among them: the scan
// gives a basis for each, and each is used.
func (w *world) bundle(counter *caller, ref string) {
	w.t.Helper()
	draft := draftFor(w, 0, "KP44010600000001")
	draft.Kind, draft.ServiceItem, draft.CaseNo = identityCard, identityMatter, "SF-2026-000001"
	draft.Fields = map[string]string{"sex": "女", "nation": "汉"}
	card, err := w.nodes[0].licences.Register(w.t.Context(), licensing.Officer{Ref: "staff-police-01", Department: "tianhe-gongan"}, draft, true)
	if err != nil {
		w.t.Fatal(err)
	}
	shown, err := w.nodes[0].safe.Present(w.t.Context(), safe.Person{Ref: ref, Level: "L3"}, []string{assistanceItem, identityItem}, "", true)
	if err != nil {
		w.t.Fatal(err)
	}
	got := counter.scan(0, shown.Code.Text(), gateway.View)
	var read struct {
		Bases []struct {
			Item    string `json:"item"`
			BasisID string `json:"basis_id"`
		} `json:"bases"`
	}
	if err := json.Unmarshal(got.body, &read); err != nil || len(read.Bases) != 2 || read.Bases[0].Item != assistanceItem || read.Bases[1].Item != identityItem {
		w.t.Fatalf("a code of two answered %d %s", got.status, got.body)
	}
	for _, b := range read.Bases {
		released := readRelease(w.t, counter.useLicence(0, b.BasisID, "VIEW", map[string]any{"item": b.Item, "fields": []string{"name", "identifier"}}))
		if released.Data["name"] != draft.HolderName || (released.Data["identifier"] == card.Metadata.Value(licence.IdentifierText)) != (b.Item == identityItem) {
			w.t.Errorf("of %s %v", b.Item, released.Data)
		}
	}
}

// TestLicenceOfAnotherPerson: what is A's never reaches B, nor another department.
func TestLicenceOfAnotherPerson(t *testing.T) {
	w := newWorld(t, 1)
	mine := w.issue(0, "DB20260001")
	_, other := w.holder(1)
	service := w.nodes[0].licences
	for name, try := range map[string]func() error{
		"opened": func() error { _, err := service.Own(t.Context(), other, mine.ID); return err },
		"by another department": func() error {
			_, err := service.Issued(t.Context(), licensing.Officer{Ref: "x", Department: "tianhe-renshe"}, mine.ID)
			return err
		},
		"abolished by another department": func() error {
			_, err := service.Abolish(t.Context(), licensing.Officer{Ref: "x", Department: "tianhe-renshe"}, mine.ID, "x")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := try(); gateway.AsError(err).Code != "licence-unknown" {
				t.Errorf("%v", err)
			}
		})
	}
	if listed, err := service.Of(t.Context(), other); err != nil || len(listed) != 0 {
		t.Errorf("another person holds %d licences, %v", len(listed), err)
	}
}

func TestLicenceLife(t *testing.T) {
	w := newWorld(t, 1)
	service := w.nodes[0].licences
	registered, err := service.Register(t.Context(), minzheng, draftFor(w, 0, "DB20260001"), false)
	if err != nil || registered.State != licence.Registered {
		t.Fatalf("%s, %v", registered.State, err)
	}
	if _, err := service.File(t.Context(), registered); gateway.AsError(err).Code != "licence-not-issued" {
		t.Errorf("a licence that is not issued has a file: %v", err)
	}
	issued, err := service.Sign(t.Context(), minzheng, registered.ID)
	if err != nil || issued.State != licence.Issued {
		t.Fatalf("%s, %v", issued.State, err)
	}
	for i, step := range []struct {
		event licence.Event
		with  licensing.Amendment
	}{
		{licence.EventChanged, licensing.Amendment{Fields: map[string]string{"category": "B类"}}},
		{licence.EventRenewed, licensing.Amendment{Expires: "2031-01-01"}},
		{licence.EventInspected, licensing.Amendment{InspectedUntil: "2028-01-01"}},
	} {
		next, err := service.Change(t.Context(), minzheng, registered.ID, step.event, step.with)
		if err != nil || next.Version != i+2 {
			t.Fatalf("%s: version %d, %v", step.event, next.Version, err)
		}
		file, err := service.File(t.Context(), next)
		if err != nil {
			t.Fatal(err)
		}
		w.verifies(file, string(step.event))
	}
	if ends, err := service.SealsEnding(t.Context(), 100*365*24*time.Hour); err != nil || len(ends) != 1 || ends[0].Holder == "" || !ends[0].Until.After(time.Now()) {
		t.Errorf("seals that end some day: %+v, %v", ends, err)
	}
	if ends, err := service.SealsEnding(t.Context(), time.Hour); err != nil || len(ends) != 0 {
		t.Errorf("seals that end within the hour: %+v, %v", ends, err)
	}
	if _, err := service.Register(t.Context(), minzheng, draftFor(w, 1, "DB20260001"), true); gateway.AsError(err).Code != "licence-number-taken" {
		t.Errorf("a number was given twice: %v", err)
	}
	for _, wrong := range []licensing.Draft{
		func() licensing.Draft { d := draftFor(w, 0, "DB2"); d.Fields = nil; return d }(),
		func() licensing.Draft { d := draftFor(w, 0, "DB2"); d.ServiceItem = butieMatter; return d }(),
		func() licensing.Draft { d := draftFor(w, 0, "DB2"); d.Expires = "tomorrow"; return d }(),
	} {
		if _, err := service.Register(t.Context(), minzheng, wrong, true); gateway.AsError(err).Kind != gateway.Invalid {
			t.Errorf("a wrong draft: %v", err)
		}
	}
	if _, err := service.Register(t.Context(), licensing.Officer{Ref: "x", Department: "tianhe-renshe"}, draftFor(w, 0, "DB3"), true); gateway.AsError(err).Code != "issuer-not-listed" {
		t.Errorf("a department outside of the list: %v", err)
	}
}

// TestAbolitionBitesWhileTheLicenceIsUsed: every use that commits after the abolition
// was acknowledged is refused.
func TestAbolitionBitesWhileTheLicenceIsUsed(t *testing.T) {
	w := newWorld(t, 2)
	made := w.issue(0, "DB20260001")
	person, _ := w.holder(0)
	counter := w.enrol(butie)
	basis := w.licenceDuty(butie, gateway.Verify)
	expected := map[string]any{
		"expected": map[string]string{"name": person.Name, "category": "A类"},
		"subject":  map[string]string{"id_type": "111", "id_number": person.Number},
	}
	ended := make(chan struct{})
	var all sync.WaitGroup
	for node := range 2 {
		all.Go(func() {
			for range 10 {
				after := false
				select {
				case <-ended:
					after = true
				default:
				}
				got := counter.useLicence(node, basis, "VERIFY", expected)
				if after && got.status == http.StatusOK {
					t.Errorf("node %d released after the abolition", node)
				}
			}
		})
	}
	if _, err := w.nodes[1].licences.Abolish(t.Context(), minzheng, made.ID, "test"); err != nil {
		t.Fatal(err)
	}
	close(ended)
	all.Wait()
	if got := counter.useLicence(0, basis, "VERIFY", expected); got.status != http.StatusForbidden {
		t.Errorf("the last use: %d %s", got.status, fmt.Sprint(got.body))
	}
}
