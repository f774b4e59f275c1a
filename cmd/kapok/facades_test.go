package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kapok/connectors"
	"kapok/connectors/licenceapp"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/safe"
)

const zhck = "tianhe-renshe-zhck"

// licenceAppAnswer is the envelope, as a client reads it.
type licenceAppAnswer struct {
	status int
	Ack    string `json:"ack_code"`
	Errors []struct {
		Code string `json:"code"`
	} `json:"errors"`
	Exchange  string          `json:"correlation_id"`
	Token     string          `json:"access_token"`
	UseCodes  []string        `json:"auth_codes"`
	Total     int             `json:"total_count"`
	Data      json.RawMessage `json:"data"`
	NotListed []struct {
		Item string `json:"license_item_code"`
		Code string `json:"code"`
	} `json:"not_listed"`
}

func (a licenceAppAnswer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Code
}

// licenceApp calls the API as a district system does, written from its description alone.
// A body makes it a POST.
func (w *world) licenceApp(node int, path string, query url.Values, body any) (licenceAppAnswer, []byte) {
	w.t.Helper()
	method, sent := http.MethodGet, []byte(nil)
	if body != nil {
		marshalled, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		method, sent = http.MethodPost, marshalled
	}
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.urls[node]+"/license-app/v1/"+path+"?"+query.Encode(), bytes.NewReader(sent))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	answer := licenceAppAnswer{status: res.StatusCode}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, &answer); err != nil {
			w.t.Fatalf("%s: %v: %s", path, err, raw)
		}
	}
	return answer, raw
}

func (w *world) licenceAppLogin(password string) licenceAppAnswer {
	w.t.Helper()
	answer, _ := w.licenceApp(0, "security/login", nil, map[string]string{
		"app_key": "tianhe-renshe", "account": "zhck", "app_secret": trialSecrets()["licence-app-secret-thrs-zhck"], "password": password,
	})
	return answer
}

func licenceQuestion(number string) map[string]any {
	return map[string]any{
		"identity_number": number, "service_item_code": butieMatter, "service_item_name": "补贴", "biz_num": "BT-1", "use_cause": "核验低保资格",
		"page_index": 1, "page_size": 10, "request_id": "r-1", "operator": map[string]string{"account": "officer-0042", "name": "测试经办人"},
	}
}

// facadeBasis lets a system do so much with a licence by law.
func (w *world) facadeBasis(system string, operation gateway.Operation, caseNo string) string {
	w.t.Helper()
	made, err := w.nodes[0].safe.Register(w.t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Wanted{
		Department: "tianhe-renshe", System: system, Item: assistanceItem, Fields: []string{"name", "id_number", "number", "identifier", "category", "expires_on"},
		Operation: operation, ServiceItem: butieMatter, CaseNo: caseNo, Purpose: subsidyPurpose, Expires: time.Now().Add(time.Hour),
	}, "sharing-20")
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID
}

// TestLicenceAppFacade: a system that speaks license-app/v1 uses a licence of this district
// as it would use the province's, on the one path; tokens and use codes are known to both
// nodes, and what was withdrawn after the list refuses the data.
func TestLicenceAppFacade(t *testing.T) {
	w := newWorld(t, 2)
	person, _ := w.holder(0)
	made := w.issue(0, "DB20260077")
	if refused := w.licenceAppLogin("wrong"); refused.Ack != "FAILURE" || refused.code() != "login-refused" || refused.Token != "" {
		t.Errorf("a wrong password: %+v", refused)
	}
	token := url.Values{"access_token": {w.licenceAppLogin(trialSecrets()["licence-app-password-thrs-zhck"]).Token}}

	if without, raw := w.licenceApp(0, "license/auth", token, licenceQuestion(person.Number)); without.Ack != "FAILURE" || without.code() != "basis-missing" {
		t.Errorf("without a basis: %s", raw)
	}
	w.facadeBasis(zhck, gateway.Verify, "")
	w.facadeBasis(zhck, gateway.Copy, "BT-1") // the department's rule: a copy is kept with its case
	basisID := w.facadeBasis(zhck, gateway.View, "")
	listed, raw := w.licenceApp(1, "license/auth", token, licenceQuestion(person.Number))
	if listed.Ack != "SUCCESS" || listed.Total != 1 || len(listed.UseCodes) != 1 || len(listed.NotListed) != 1 {
		t.Fatalf("listed %s", raw)
	}
	code := url.Values{"access_token": token["access_token"], "auth_code": listed.UseCodes}
	w.licenceAppData(code, made.Metadata.Elements["certificateIdentifier"], person.Number)
	w.licenceAppFiles(token, code)
	w.licenceAppRefuses(token, code)
	w.licenceAppConnector(person.Number)
	w.certShareFacade(made)

	if _, err := w.nodes[0].safe.Govern(t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, basisID, basis.EventRevoked, "test"); err != nil {
		t.Fatal(err)
	}
	if ended, raw := w.licenceApp(1, "license/get_license", code, nil); ended.Ack != "FAILURE" || ended.code() != "basis-missing" {
		t.Errorf("after the basis ended: %s", raw)
	}
	if _, raw := w.licenceApp(0, "security/logout", token, nil); !strings.Contains(string(raw), "SUCCESS") {
		t.Errorf("logout: %s", raw)
	}
	if out, raw := w.licenceApp(1, "license/get_license", code, nil); out.code() != "ACCESS_TOKEN_INVALID" {
		t.Errorf("after the logout: %s", raw)
	}
	wantNoPersonalData(t, w)
	if strings.Contains(w.logs.String(), listed.UseCodes[0]) || strings.Contains(w.logs.String(), token.Get("access_token")) {
		t.Error("the log holds a token or a use code")
	}
}

func (w *world) licenceAppData(code url.Values, identifier, number string) {
	w.t.Helper()
	got, raw := w.licenceApp(0, "license/get_license", code, nil)
	var data map[string]string
	if err := json.Unmarshal(got.Data, &data); err != nil || got.Ack != "SUCCESS" {
		w.t.Fatalf("the data: %s", raw)
	}
	for name, want := range map[string]string{
		"license_item_code": assistanceLicence, "license_code": identifier, "holder_identity_num": number, "license_status": "ISSUED", "data_fields": `{"BZLB":"A类"}`,
	} {
		if data[name] != want {
			w.t.Errorf("%s is %q, want %q", name, data[name], want)
		}
	}
	for _, entry := range wantTrail(w.t, w, got.Exchange, "intent", "outcome") {
		for name, want := range map[string]string{"door": "license-app", "system": zhck, "officer": "officer-0042", "case": "BT-1", "purpose": subsidyPurpose, "operation": "VIEW", "key": ""} {
			if entry.Entry.Value(name) != want {
				w.t.Errorf("the %s says that %s is %q, want %q", entry.Entry.Kind, name, entry.Entry.Value(name), want)
			}
		}
	}
}

func (w *world) licenceAppFiles(token, code url.Values) {
	w.t.Helper()
	got, raw := w.licenceApp(1, "license/archive", code, nil)
	var file struct {
		Name string `json:"file_name"`
		Data []byte `json:"file_data"`
	}
	if err := json.Unmarshal(got.Data, &file); err != nil || !strings.HasSuffix(file.Name, ".ofd") {
		w.t.Fatalf("the file: %.300s", raw)
	}
	w.verifies(file.Data, "the archived copy")
	lent, raw := w.licenceApp(0, "license/token", code, nil)
	var page struct {
		Code string `json:"license_access_token"`
	}
	if err := json.Unmarshal(lent.Data, &page); err != nil || page.Code == "" {
		w.t.Fatalf("the page's code: %s", raw)
	}
	once := url.Values{"license_access_token": {page.Code}}
	if _, svg := w.licenceApp(1, "license/view_license", once, nil); !bytes.Contains(svg, []byte("<svg")) {
		w.t.Errorf("the page: %.300s", svg)
	}
	if again, _ := w.licenceApp(0, "license/view_license", once, nil); again.code() != "use-code-unknown" {
		w.t.Errorf("the page a second time: %+v", again)
	}
	user, raw := w.licenceApp(0, "security/get_current_user", token, nil)
	if user.Ack != "SUCCESS" || !strings.Contains(string(raw), "440106") {
		w.t.Errorf("the user: %s", raw)
	}
	if matters, raw := w.licenceApp(0, "service_item/list", token, nil); matters.Total != 1 || !strings.Contains(string(raw), assistanceLicence) {
		w.t.Errorf("the matters: %s", raw)
	}
}

func (w *world) licenceAppRefuses(token, code url.Values) {
	w.t.Helper()
	with := func(name string, value any) map[string]any {
		q := licenceQuestion(firstCitizen())
		q[name] = value
		return q
	}
	for _, c := range []struct {
		name, path, code string
		query            url.Values
		body             any
	}{
		{"no token", "license/auth", "ACCESS_TOKEN_INVALID", nil, with("page_index", 1)},
		{"another's code", "license/get_license", "use-code-unknown", url.Values{"access_token": token["access_token"], "auth_code": {"20260101000000000AAAA"}}, nil},
		{"a use code for a page", "license/view_license", "use-code-unknown", url.Values{"license_access_token": code["auth_code"]}, nil},
		{"no number", "license/auth", "field-invalid", token, with("identity_number", "110101199003070000")},
		{"too many holders", "license/auth", "field-invalid", token, with("identity_number", strings.Repeat(firstCitizen()+",", 11))},
		{"no officer", "license/auth", "field-invalid", token, with("operator", map[string]string{})},
		{"another matter", "license/auth", "grant-missing", token, with("service_item_code", dibaoMatter)},
		{"a second page", "license/auth", "field-invalid", token, with("page_index", 2)},
		{"no object", "license/auth", "json-malformed", token, "text"},
	} {
		if got, raw := w.licenceApp(0, c.path, c.query, c.body); got.Ack != "FAILURE" || got.code() != c.code {
			w.t.Errorf("%s: %s", c.name, raw)
		}
	}
	for range 20 {
		if got := w.licenceAppLogin("guess"); got.code() == "login-rate-exceeded" {
			return
		}
	}
	w.t.Error("a password may be guessed without end")
}

// licenceAppConnector asks by the connector that Kapok has for the province: of the node
// where no login was tried in vain.
func (w *world) licenceAppConnector(number string) {
	w.t.Helper()
	connector, err := licenceapp.New(map[string]string{
		"url": w.urls[1] + "/license-app/v1", "item_code": assistanceLicence, "app_key": "tianhe-renshe", "account": "zhck", "app_secret": "licence-app-secret-thrs-zhck",
		"password": "licence-app-password-thrs-zhck", "operator.account": "kapok", "operator.name": "共享网关",
	}, func(name string) (string, error) {
		secret, known := trialSecrets()[name]
		if !known {
			return "", fmt.Errorf("no secret %s", name)
		}
		return secret, nil
	}, connectors.HTTPClient())
	if err != nil {
		w.t.Fatal(err)
	}
	subject, err := gateway.ParseIdentity(gateway.CitizenID, number)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := connector.Fetch(w.t.Context(), connectors.Query{Subject: subject, ServiceItem: butieMatter, CaseNo: "BT-2", Operator: connectors.Operator{Officer: "officer-0043"}})
	if err != nil || len(answer.Records) != 1 || answer.Records[0]["holder_identity_num"] != number {
		w.t.Errorf("Kapok's own connector got %d records, %v", len(answer.Records), err)
	}
}
