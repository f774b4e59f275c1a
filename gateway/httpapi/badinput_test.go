package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// number is a fictitious identity number with a valid check digit. Wherever it is
// sent, it must not come back, and must not be in the log.
const number = "11010519491231002X"

func TestBadInput(t *testing.T) {
	w := newWorld(t)
	citizen, bureau, anybody := w.browser(t).signIn("citizen-01"), w.browser(t).signIn("staff-bureau-01"), w.browser(t)
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for _, c := range []struct {
		name   string
		who    *browser
		method string
		path   string
		body   any // a string is sent as it is
		status int
		code   string
		field  string
	}{
		{"no body", citizen, "POST", "/v1/me/bases", "", 415, "content-type-unsupported", "Content-Type"},
		{"broken JSON", citizen, "POST", "/v1/me/bases", "{", 400, "json-malformed", ""},
		{"two documents", citizen, "POST", "/v1/me/bases", "{}{}", 400, "json-malformed", ""},
		{"NUL", citizen, "POST", "/v1/me/bases", "{}\x00", 400, "json-malformed", ""},
		{"too deep", citizen, "POST", "/v1/me/bases", deep, 400, "json-malformed", ""},
		{"an array", citizen, "POST", "/v1/me/bases/notice", "[]", 400, "field-invalid", ""},
		{"null", citizen, "POST", "/v1/me/bases/notice", "null", 400, "field-invalid", ""},
		{"10 MB", citizen, "POST", "/v1/me/bases", `"` + strings.Repeat("x", 10<<20) + `"`, 413, "body-too-large", ""},
		{"empty object", citizen, "POST", "/v1/me/bases/notice", "{}", 400, "field-missing", "/department"},
		{"a part is missing", citizen, "POST", "/v1/me/bases/notice", terms(without("purpose")), 400, "field-missing", "/purpose"},
		{"an unknown member", citizen, "POST", "/v1/me/bases/notice", terms(with("subject_ref", number)), 400, "member-unknown", "/subject_ref"},
		{"a member that is a number", citizen, "POST", "/v1/me/bases/notice", terms(with(number, 1)), 400, "member-unknown", ""},
		{"another letter case", citizen, "POST", "/v1/me/bases/notice", terms(with("Purpose", "x")), 400, "member-unknown", ""},
		{"wrong type", citizen, "POST", "/v1/me/bases/notice", terms(with("purpose", 7)), 400, "field-invalid", "/purpose"},
		{"pattern", citizen, "POST", "/v1/me/bases/notice", terms(with("item", number)), 400, "field-invalid", "/item"},
		{"enum", citizen, "POST", "/v1/me/bases/notice", terms(with("operation", number)), 400, "field-invalid", "/operation"},
		{"no fields", citizen, "POST", "/v1/me/bases/notice", terms(with("fields", []string{})), 400, "field-invalid", "/fields"},
		{"twice the same field", citizen, "POST", "/v1/me/bases/notice", terms(with("fields", []string{"name", "name"})), 400, "field-invalid", "/fields"},
		{"a field that is no name", citizen, "POST", "/v1/me/bases/notice", terms(with("fields", []string{"name", number})), 400, "field-invalid", "/fields/1"},
		{"too many fields", citizen, "POST", "/v1/me/bases/notice", terms(with("fields", many(101))), 400, "field-invalid", "/fields"},
		{"too long", citizen, "POST", "/v1/me/bases/notice", terms(with("case_no", strings.Repeat("a", 65))), 400, "field-invalid", "/case_no"},
		{"not a time", citizen, "POST", "/v1/me/bases/notice", terms(with("expires", "tomorrow")), 400, "field-invalid", "/expires"},
		{"30 February", citizen, "POST", "/v1/me/bases/notice", terms(with("expires", "2027-02-30T00:00:00Z")), 400, "field-invalid", "/expires"},
		{"not a digest", citizen, "POST", "/v1/me/bases", terms(with("notice_sm3", number)), 400, "field-invalid", "/notice_sm3"},
		{"unknown item", citizen, "POST", "/v1/me/bases/notice", terms(with("item", "9990010001/000001")), 400, "field-invalid", "/item"},
		{"no provision", bureau, "POST", "/v1/bureau/bases", terms(), 400, "field-missing", "/legal_provision"},
		{"not a basis", citizen, "POST", "/v1/me/bases/" + number + "/withdraw", "", 400, "field-invalid", "id"},
		{"a body where none belongs", citizen, "POST", "/v1/me/bases/" + strings.Repeat("0", 32) + "/withdraw", "{}", 400, "field-invalid", ""},

		{"limit 0", citizen, "GET", "/v1/me/accesses?limit=0", "", 400, "field-invalid", "limit"},
		{"limit 101", citizen, "GET", "/v1/me/accesses?limit=101", "", 400, "field-invalid", "limit"},
		{"limit in words", citizen, "GET", "/v1/me/accesses?limit=ten", "", 400, "field-invalid", "limit"},
		{"limit twice", citizen, "GET", "/v1/me/accesses?limit=1&limit=2", "", 400, "parameter-repeated", "limit"},
		{"unknown parameter", citizen, "GET", "/v1/me/accesses?subject_ref=" + number, "", 400, "member-unknown", "subject_ref"},
		{"a parameter that is a number", citizen, "GET", "/v1/me/accesses?" + number + "=1", "", 400, "member-unknown", ""},
		{"cursor", citizen, "GET", "/v1/me/accesses?cursor=%27%3B--", "", 400, "field-invalid", "cursor"},
		{"cursor too long", citizen, "GET", "/v1/me/accesses?cursor=" + strings.Repeat("A", 3000), "", 400, "field-invalid", "cursor"},
		{"cursor of another list", citizen, "GET", "/v1/me/bases?cursor=AAAA", "", 200, "", ""},
		{"a negative index", citizen, "GET", "/v1/me/accesses/a/-1/receipt", "", 400, "field-invalid", "index"},
		{"index in words", citizen, "GET", "/v1/me/accesses/a/one/receipt", "", 400, "field-invalid", "index"},
		{"index too big", citizen, "GET", "/v1/me/accesses/a/99999999999999999999/receipt", "", 400, "field-invalid", "index"},
		{"an origin with a space", citizen, "GET", "/v1/me/accesses/a%20b/1/receipt", "", 400, "field-invalid", "origin"},
		{"an origin too long", citizen, "GET", "/v1/me/accesses/" + strings.Repeat("a", 101) + "/1/receipt", "", 400, "field-invalid", "origin"},
		{"no such origin", citizen, "GET", "/v1/me/accesses/nowhere/1/receipt", "", 404, "ledger-entry-unknown", ""},
		{"no such item", anybody, "GET", "/v1/catalog/items/9990010001/000001", "", 404, "item-unknown", ""},
		{"not an item's code", anybody, "GET", "/v1/catalog/items/a/b", "", 400, "field-invalid", "category"},
		{"an item that is half", anybody, "GET", "/v1/catalog/items/1010010001", "", 404, "path-unknown", ""},
		{"catalogue with a parameter", anybody, "GET", "/v1/catalog/items?q=1", "", 400, "member-unknown", "q"},
		{"return_to too long", anybody, "GET", "/auth/login?return_to=/" + strings.Repeat("a", 600), "", 400, "field-invalid", "return_to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.who.t = t
			got := c.who.sendAny(c.method, c.path, c.body)
			if p := got.wants(t, c.status, c.code); p.Field != c.field {
				t.Errorf("field %q, want %q: %s", p.Field, c.field, got.body)
			}
			if strings.Contains(string(got.body), number) {
				t.Errorf("the answer repeats what was sent: %s", got.body)
			}
		})
	}
	if strings.Contains(w.logs.String(), number) {
		t.Error("the log holds what was sent")
	}
}

func (b *browser) sendAny(method, path string, body any) answer {
	b.t.Helper()
	text, plain := body.(string)
	if !plain {
		return b.post(path, body)
	}
	return b.do(method, path, text)
}

func many(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "f" + strings.Repeat("a", i%60) + string(rune('a'+i%26)) + string(rune('a'+i/26))
	}
	return names
}

func TestMediaTypes(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-01")
	for media, fine := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "APPLICATION/JSON": true,
		"text/plain": false, "application/x-www-form-urlencoded": false, "application/jsonp": false, "multipart/form-data; boundary=x": false, "json": false,
	} {
		got := b.do(http.MethodPost, "/v1/me/bases/notice", "{}", "Content-Type", media)
		if want := map[bool]string{true: "field-missing", false: "content-type-unsupported"}[fine]; mustBeProblem(t, got).Code != want {
			t.Errorf("%s: %s", media, got.body)
		}
	}
}
