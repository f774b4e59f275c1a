package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/evidence"
	"kapok/gateway/exchange"
	"kapok/gateway/licensing"
	"kapok/gateway/safe"
)

var renshe = exchange.Officer{Ref: "staff-desk-01", Department: "tianhe-renshe"}

// licenceDuty registers the basis on which a system or a desk uses licences for a duty
// (依职能用证).
func (w *world) licenceDuty(system string, operation gateway.Operation) string {
	w.t.Helper()
	made, err := w.nodes[0].safe.Register(w.t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Wanted{
		Department: "tianhe-renshe", System: system, Item: assistanceItem, Fields: []string{"name", "category", "expires_on"}, Operation: operation,
		ServiceItem: butieMatter, Purpose: subsidyPurpose, Expires: time.Now().Add(time.Hour),
	}, "sharing-20")
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID
}

func deskCall(t *testing.T, document map[string]any) exchange.Call {
	t.Helper()
	document["service_item"], document["case_no"], document["purpose"] = butieMatter, "BT-1", subsidyPurpose
	body, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	// What a browser sends along must mean nothing on the path.
	return exchange.Call{Body: body, Header: http.Header{"Idempotency-Key": {"always-the-same"}}, TraceID: strings.Repeat("0", 32)}
}

// TestDesk: an officer who is signed in has a licence shown to them by its letters, looks
// at it, and what they did is proved as any use is.
func TestDesk(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	made := w.issue(0, "DB20260001")
	person, ref := w.holder(0)
	shown := w.show(0, ref, "")
	typed := strings.ToLower(shown.ID[:4] + " " + shown.ID[4:8] + "-" + shown.ID[8:])
	scanned, err := n.exchange.ScanAtDesk(t.Context(), renshe, deskCall(t, map[string]any{"code": typed, "operations": []string{"VIEW"}}))
	if err != nil {
		t.Fatal(err)
	}
	basis := scannedBasis(t, answer{status: scanned.Status, body: scanned.Body})
	look := map[string]any{"item": assistanceItem, "fields": []string{"name", "category"}, "operation": "VIEW", "basis_id": basis}
	got, err := n.exchange.AtDesk(t.Context(), renshe, deskCall(t, look))
	if err != nil {
		t.Fatal(err)
	}
	released := readRelease(t, answer{status: got.Status, body: got.Body})
	if released.Data["name"] != person.Name || released.Data["category"] != "A类" {
		t.Errorf("the desk sees %v", released.Data)
	}
	w.deskRefuses(look)
	w.deskDuty(person.Number)
	w.deskRefusesExpired()
	report := evidence.Verify(evidenceOf(t, w, released.ExchangeID), pinnedOf(t, w), verifier)
	wantEvidence(t, report)
	if step := stepOf(report, "request"); !strings.Contains(step.Why, "staff-desk-01") {
		t.Errorf("the evidence says of the request: %+v", step)
	}
	w.deskChecks(made)
	w.stands(ref, "presentation-scanned", "outcome", "refusal", "licence-file-verified")
}

func (w *world) deskRefuses(look map[string]any) {
	t := w.t
	t.Helper()
	for name, try := range map[string]struct {
		officer exchange.Officer
		more    map[string]any
		code    string
	}{
		"a second use of one scan":         {renshe, nil, "basis-exhausted"},
		"another officer's name":           {renshe, map[string]any{"officer_ref": "somebody-else"}, "field-invalid"},
		"a department without a desk":      {exchange.Officer{Ref: "staff-issuer-01", Department: "tianhe-minzheng"}, nil, "desk-missing"},
		"nobody named and nothing scanned": {renshe, map[string]any{"basis_id": ""}, "field-invalid"},
	} {
		document := map[string]any{}
		for _, from := range []map[string]any{look, try.more} {
			for key, value := range from {
				document[key] = value
			}
		}
		_, err := w.nodes[0].exchange.AtDesk(t.Context(), try.officer, deskCall(t, document))
		if code := gateway.AsError(err).Code; err == nil || code != try.code {
			t.Errorf("%s: %v, want %s", name, err, try.code)
		}
	}
}

// deskDuty: a statutory basis of the desk serves by the number (依职能用证), PREDICATE
// among its operations.
func (w *world) deskDuty(number string) {
	w.t.Helper()
	got, err := w.nodes[0].exchange.AtDesk(w.t.Context(), renshe, deskCall(w.t, map[string]any{
		"item": assistanceItem, "fields": []string{"category"}, "operation": "PREDICATE",
		"basis_id": w.licenceDuty("tianhe-renshe-desk", gateway.Predicate), "subject": map[string]any{"id_type": "111", "id_number": number},
		"tests": []map[string]any{{"field": "category", "test": "in", "value": []string{"A类", "B类"}}},
	}))
	if err != nil {
		w.t.Fatal(err)
	}
	if released := readRelease(w.t, answer{status: got.Status, body: got.Body}); released.Data["category"] != true {
		w.t.Errorf("the predicate says %v", released.Data)
	}
}

// deskRefusesExpired: a licence whose validity has ended is refused with that reason.
func (w *world) deskRefusesExpired() {
	w.t.Helper()
	d := draftFor(w, 1, "DB-EXPIRED")
	d.Effective, d.Expires = "2020-01-01", "2020-12-31"
	if _, err := w.nodes[0].licences.Register(w.t.Context(), minzheng, d, true); err != nil {
		w.t.Fatal(err)
	}
	_, err := w.nodes[0].exchange.AtDesk(w.t.Context(), renshe, deskCall(w.t, map[string]any{
		"item": assistanceItem, "fields": []string{"name"}, "operation": "VIEW", "basis_id": w.licenceDuty("tianhe-renshe-desk", gateway.View),
		"subject": map[string]any{"id_type": "111", "id_number": d.Holder.Number()},
	}))
	if code := gateway.AsError(err).Code; err == nil || code != "licence-expired" {
		w.t.Errorf("an expired licence: %v", err)
	}
}

// deskChecks has files verified at the desk: as issued, changed, after a newer version,
// and what is no document at all.
func (w *world) deskChecks(made licensing.Licence) {
	t := w.t
	t.Helper()
	service := w.nodes[0].licences
	file, err := service.File(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	by := licensing.Officer(renshe)
	spoilt := append([]byte(nil), file...)
	spoilt[len(spoilt)/2] ^= 1
	for name, try := range map[string]struct {
		file    []byte
		verdict []string
		known   bool
	}{
		"as it was issued":   {file, []string{"valid"}, true},
		"one bit changed":    {spoilt, []string{"invalid", "cannot-be-decided", "not-signed"}, false},
		"no document at all": {[]byte("not a zip"), []string{"cannot-be-decided"}, false},
	} {
		checked, err := service.Check(t.Context(), by, try.file)
		if err != nil || !strings.Contains(strings.Join(try.verdict, " "), string(checked.Report.Verdict)) || checked.Known != try.known || checked.InForce != try.known {
			t.Errorf("%s: %s, known %v, in force %v, %v", name, checked.Report.Verdict, checked.Known, checked.InForce, err)
		}
	}
	if _, err := service.Change(t.Context(), minzheng, made.ID, "changed", licensing.Amendment{Fields: map[string]string{"category": "B类"}}); err != nil {
		t.Fatal(err)
	}
	if checked, err := service.Check(t.Context(), by, file); err != nil || !checked.Known || checked.InForce || checked.Why != "licence-replaced" {
		t.Errorf("after a newer version: %+v, %v", checked.Why, err)
	}
}
