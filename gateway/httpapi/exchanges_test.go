package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"kapok/gateway"
	"kapok/gateway/exchange"
)

func TestExchangeGetsTheRequestAsItArrived(t *testing.T) {
	w := newWorld(t)
	body := []byte("{\"not even\": json\x00")
	request, err := http.NewRequest(http.MethodPost, w.url+"/v1/exchanges?a=%41&b", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	request.Header.Set("Signature", "sig1=:AA==:")
	w.exchange.answer(exchange.Release{}, gateway.Fail(gateway.Unauthenticated, "token-missing", "No token."))
	w.browser(t).send(request).wants(t, 401, "token-missing")
	calls, refused := w.exchange.seen()
	if len(calls) != 1 || len(refused) != 0 {
		t.Fatalf("%d calls, refusals %v", len(calls), refused)
	}
	call := calls[0]
	if call.Method != "POST" || call.TargetURI != w.url+"/v1/exchanges?a=%41&b" || !bytes.Equal(call.Body, body) ||
		call.Header.Get("Signature") != "sig1=:AA==:" || call.TraceID != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("the path was handed %+v", call)
	}
}

func TestReleaseLeavesAsItIs(t *testing.T) {
	w := newWorld(t)
	body := []byte(`{"exchange_id":"4f1d2c3b4a5968778695a4b3c2d1e0f0","retry":false,"data":{"name":"测试甲","state":true},"data_salt":"x",` +
		`"source":{"provider":"mps","as_of":"","held_fields":14},"decision":{"effect":"allow","policy_set":"ab","reasons":[],"obligations":["notify"]},"receipt":{}}`)
	w.exchange.answer(exchange.Release{Status: 200, System: "tianhe-minzheng-dibao", Body: body, Header: http.Header{
		"Content-Type": {"application/json"}, "Content-Digest": {"sm3=:AA==:"}, "Signature-Input": {`kapok=("@status")`}, "Signature": {"kapok=:AA==:"},
		"Cache-Control": {"no-store"},
	}}, nil)
	got := w.browser(t).do(http.MethodPost, "/v1/exchanges", "{}")
	got.wants(t, 200, "")
	if !bytes.Equal(got.body, body) || got.Header.Get("Signature") != "kapok=:AA==:" {
		t.Errorf("released %v %s", got.Header, got.body)
	}
	w.logged(t, `"system":"tianhe-minzheng-dibao"`) // the answer leaves before its line is written
}

func TestNothingIsNotARelease(t *testing.T) {
	w := newWorld(t)
	w.exchange.answer(exchange.Release{}, nil)
	w.browser(t).do(http.MethodPost, "/v1/exchanges", "{}").wants(t, 500, "internal")
}

func TestBodiesTooLargeAreRecorded(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	b.do(http.MethodPost, "/v1/exchanges", strings.Repeat("x", 10<<20)).wants(t, 413, "body-too-large")
	w.exchange.answer(exchange.Release{}, gateway.Fail(gateway.Unauthenticated, "token-missing", "No token."))
	b.do(http.MethodPost, "/v1/exchanges", strings.Repeat("x", 1<<20)).wants(t, 401, "token-missing")
	calls, refused := w.exchange.seen()
	if len(calls) != 1 || !slices.Equal(refused, []string{"body-too-large"}) {
		t.Errorf("%d calls, refusals %v", len(calls), refused)
	}
}

func TestBodyThatBreaksOffIsRecorded(t *testing.T) {
	w := newWorld(t)
	got := w.raw(t, "POST /v1/exchanges", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
	got.wants(t, 400, "body-unreadable")
	if _, refused := w.exchange.seen(); !slices.Equal(refused, []string{"body-unreadable"}) {
		t.Errorf("refusals %v", refused)
	}
}

func TestReceiptGoesThroughAdmission(t *testing.T) {
	w := newWorld(t)
	w.exchange.answer(exchange.Release{}, gateway.Fail(gateway.NotFound, "ledger-entry-unknown", "No."))
	w.browser(t).get("/v1/exchanges/4f1d2c3b4a5968778695a4b3c2d1e0f0/receipt").wants(t, 404, "ledger-entry-unknown")
	if calls, _ := w.exchange.seen(); len(calls) != 1 || calls[0].TargetURI != w.url+"/v1/exchanges/4f1d2c3b4a5968778695a4b3c2d1e0f0/receipt" {
		t.Errorf("calls %+v", calls)
	}
}

func (b *browser) form(pairs ...string) answer {
	b.t.Helper()
	return b.do(http.MethodPost, "/oauth2/token", strings.Join(pairs, "&"), "Content-Type", "application/x-www-form-urlencoded")
}

func TestTokenForm(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	const grant, kind, assertion = "grant_type=client_credentials", "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion=e30.e30.AA"
	b.form(grant, kind, assertion).wants(t, 200, "")
	b.form(grant, kind, assertion, "client_id=tianhe-minzheng-dibao").wants(t, 200, "")
	for name, c := range map[string]struct {
		pairs []string
		code  string
	}{
		"nothing":           {nil, "field-missing"},
		"a part is missing": {[]string{grant, kind}, "field-missing"},
		"twice":             {[]string{grant, grant, kind, assertion}, "parameter-repeated"},
		"unknown":           {[]string{grant, kind, assertion, "username=x"}, "member-unknown"},
		"malformed":         {[]string{grant, kind, assertion + "%zz"}, "field-invalid"},
		"semicolon":         {[]string{grant, kind, assertion + ";a=b"}, "field-invalid"},
	} {
		got := b.form(c.pairs...)
		p := got.wants(t, 400, c.code)
		if p.OAuth != "invalid_request" || p.Description == "" {
			t.Errorf("%s: %s", name, got.body)
		}
		if got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", name)
		}
	}
	b.do(http.MethodPost, "/oauth2/token", "{}").wants(t, 415, "content-type-unsupported")
	b.form(grant, kind, assertion, "scope="+strings.Repeat("x", 2<<20)).wants(t, 413, "body-too-large")
	w.exchange.answer(exchange.Release{}, gateway.Fail(gateway.Unauthenticated, "assertion-invalid", "No."))
	if p := b.form(grant, kind, assertion).wants(t, 401, "assertion-invalid"); p.OAuth != "invalid_client" {
		t.Errorf("error %q", p.OAuth)
	}
	wrong := gateway.Fail(gateway.Invalid, "field-invalid", "No.")
	wrong.Field = "grant_type"
	w.exchange.answer(exchange.Release{}, wrong)
	if p := b.form("grant_type=password", kind, assertion).wants(t, 400, "field-invalid"); p.OAuth != "unsupported_grant_type" {
		t.Errorf("error %q", p.OAuth)
	}
	w.exchange.answer(exchange.Release{}, gateway.Fail(gateway.Unavailable, "ledger-busy", "Later."))
	if p := b.form(grant, kind, assertion).wants(t, 503, "ledger-busy"); p.OAuth != "temporarily_unavailable" {
		t.Errorf("error %q", p.OAuth)
	}
}

// TestExampleIsWhatThePathReads: what openapi.yaml shows is what a department copies.
func TestExampleIsWhatThePathReads(t *testing.T) {
	var example exchange.Ask
	described := struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Examples map[string]struct {
						Value any `yaml:"value"`
					} `yaml:"examples"`
				} `yaml:"content"`
			} `yaml:"requestBody"`
		} `yaml:"paths"`
	}{}
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, &described); err != nil {
		t.Fatal(err)
	}
	examples := described.Paths["/v1/exchanges"]["post"].RequestBody.Content["application/json"].Examples
	if len(examples) == 0 {
		t.Fatal("no example")
	}
	for name, one := range examples {
		encoded, err := json.Marshal(one.Value)
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(bytes.NewReader(encoded))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&example); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := gateway.ParseIdentity(example.Subject.IDType, example.Subject.IDNumber); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
