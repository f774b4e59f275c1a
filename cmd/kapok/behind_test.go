package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/safe"
)

const (
	gatewayPaasID = "thrs_ywt"
	gatewayToken  = "sandbox-tif-token-440106"
	ywt           = "tianhe-renshe-ywt"
)

// behind is a call as Guangdong's gateway sends it to a backend.
type behind struct {
	paasID, token, nonce string
	at                   time.Time
	uid                  string
	body                 string
	node                 int
	twice                string // a header sent a second time
}

// send signs as the gateway does (x-tif-signature), written from its description alone.
func (w *world) sendBehind(b behind) answer {
	w.t.Helper()
	ts := strconv.FormatInt(b.at.Unix(), 10)
	text := ts + b.token + b.nonce + ts
	if b.uid != "" {
		text = ts + b.token + b.nonce + "," + b.uid + ",," + ts
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.urls[b.node]+"/v1/gateway/exchanges", strings.NewReader(b.body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "x-tif-paasid": b.paasID, "x-tif-timestamp": ts, "x-tif-nonce": b.nonce, "x-tif-uid": b.uid,
		"x-tif-signature": fmt.Sprintf("%X", sha256.Sum256([]byte(text))),
	} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	if b.twice != "" {
		request.Header.Add(b.twice, "other")
	}
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{status: res.StatusCode, header: res.Header, body: body}
}

// TestBehindTheGateway: what comes signed by Guangdong's gateway walks the one path, may do
// only what the catalogue lists, and bears the mark of its weaker proof everywhere.
func TestBehindTheGateway(t *testing.T) {
	w := newWorld(t, 2)
	made, err := w.nodes[0].safe.Register(t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Wanted{
		Department: "tianhe-renshe", System: ywt, Item: "2030010002/000001", Fields: []string{"name", "status"}, Operation: gateway.Verify,
		ServiceItem: butieMatter, Purpose: subsidyPurpose, Expires: time.Now().Add(time.Hour),
	}, "sharing-20")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(operation string) string {
		body, err := json.Marshal(map[string]any{
			"item": "2030010002/000001", "fields": []string{"status"}, "operation": operation, "expected": map[string]string{"status": "在保"},
			"subject": map[string]string{"id_type": "111", "id_number": firstCitizen()}, "service_item": butieMatter, "case_no": "YWT-1",
			"officer_ref": "officer-0009", "purpose": subsidyPurpose, "basis_id": made.ID,
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	good := behind{paasID: gatewayPaasID, token: gatewayToken, nonce: "nonce-000001", at: time.Now(), body: ask("VERIFY")}
	got := w.sendBehind(good)
	released := readRelease(t, got)
	if _, told := released.Data["status"].(bool); !told || !strings.Contains(string(got.body), `"door":"tif"`) {
		t.Errorf("released %s", got.body)
	}
	for _, entry := range wantTrail(t, w, released.ExchangeID, "intent", "outcome") {
		if door := entry.Entry.Value("door"); door != "tif" || entry.Entry.Value("key") != "" {
			t.Errorf("the %s says that it came through %q, by key %q", entry.Entry.Kind, door, entry.Entry.Value("key"))
		}
	}
	person := good
	person.nonce, person.uid = "nonce-000002", "user-1"
	readRelease(t, w.sendBehind(person))
	w.refusesBehind(good, ask)
	wantNoPersonalData(t, w)
}

// refusesBehind spoils one thing of a call that would be good.
func (w *world) refusesBehind(good behind, ask func(operation string) string) {
	w.t.Helper()
	for i, c := range []struct {
		name, code string
		spoil      func(*behind)
	}{
		{"the nonce again, on another node", "nonce-replayed", func(b *behind) { b.nonce, b.node = good.nonce, 1 }},
		{"an unknown paasid", "gateway-signature", func(b *behind) { b.paasID = "nobody" }},
		{"a system that signs for itself", "gateway-signature", func(b *behind) { b.paasID = butie }},
		{"another token", "gateway-signature", func(b *behind) { b.token = "another" }},
		{"no token", "gateway-signature", func(b *behind) { b.token = "" }},
		{"a clock behind", "clock-skew", func(b *behind) { b.at = b.at.Add(-4 * time.Minute) }},
		{"a clock ahead", "clock-skew", func(b *behind) { b.at = b.at.Add(4 * time.Minute) }},
		{"a header twice", "gateway-headers", func(b *behind) { b.twice = "x-tif-paasid" }},
		{"a nonce too short", "gateway-headers", func(b *behind) { b.nonce = "1" }},
		{"a value to be looked at", "gateway-operation", func(b *behind) { b.body = strings.Replace(ask("VIEW"), `"expected":{"status":"在保"},`, "", 1) }},
		{"a copy", "gateway-operation", func(b *behind) { b.body = strings.Replace(ask("COPY"), `"expected":{"status":"在保"},`, "", 1) }},
		{"a body that is none", "json-malformed", func(b *behind) { b.body = "{" }},
	} {
		b := good
		b.nonce = fmt.Sprintf("nonce-1%05d", i)
		c.spoil(&b)
		if p := w.sendBehind(b).problem(w.t); p.Code != c.code {
			w.t.Errorf("%s: %s, want %s", c.name, p.Code, c.code)
		}
	}
	// What the protocol cannot see: the body is another than the one that was meant. The mark says so.
	changed := good
	changed.nonce, changed.body = "nonce-200001", strings.Replace(good.body, "YWT-1", "YWT-2", 1)
	if got := w.sendBehind(changed); got.status != http.StatusOK || !strings.Contains(string(got.body), `"door":"tif"`) {
		w.t.Errorf("a changed body: %d %s", got.status, got.body)
	}
}
