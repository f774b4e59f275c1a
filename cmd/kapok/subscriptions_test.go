package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/safe"
)

type pushSeen struct {
	Signed bool `json:"signed"`
	Answer int  `json:"answer"`
	Body   struct {
		CaseNo   string   `json:"case_no"`
		Sequence int64    `json:"sequence"`
		Exchange *release `json:"exchange"`
		Problem  string   `json:"problem"`
	} `json:"body"`
}

type subscriptionSeen struct {
	SubscriptionID string         `json:"subscription_id"`
	State          string         `json:"state"`
	Counts         map[string]int `json:"counts"`
	Dead           []struct {
		Sequence int64  `json:"sequence"`
		Attempts int    `json:"attempts"`
		Code     string `json:"code"`
	} `json:"dead_letters"`
}

// cameIn waits until the receiver has so many pushes.
func (w *world) cameIn(t *testing.T, system string, want int) (all []pushSeen) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(w.outside + "/_sandbox/webhooks/" + system)
		if err != nil {
			t.Fatal(err)
		}
		var listed struct {
			Pushes []pushSeen `json:"pushes"`
		}
		err = json.NewDecoder(answer.Body).Decode(&listed)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if len(listed.Pushes) >= want {
			return listed.Pushes
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d pushes came in, want %d", len(listed.Pushes), want)
		}
	}
}

// answersNext orders how the receiver answers.
func (w *world) answersNext(t *testing.T, answers ...int) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"answers": answers})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(w.outside+"/_sandbox/webhooks/"+dibao, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
}

// stands waits until a subscription's counts are so.
func (c *caller) stands(t *testing.T, id, count string, want int) (seen subscriptionSeen) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		c.orders(http.MethodGet, "/v1/subscriptions/"+id, nil).into(t, &seen)
		if seen.Counts[count] == want {
			return seen
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not %d: %+v", count, want, seen)
		}
	}
}

func subscriptionTo(item, address, basis, number string, fields ...string) map[string]any {
	return map[string]any{
		"item": item, "fields": fields, "operation": "VIEW", "service_item": dibaoMatter, "officer_ref": "officer-0001",
		"purpose": "assistance-review", "address": address,
		"cases": []map[string]any{{"id_type": "111", "id_number": number, "case_no": "DB-2026-000001", "basis_id": basis}},
	}
}

// TestSubscription: a change that is announced, or that a new version of returned data
// makes, reaches whoever subscribed; in order, again after a failure, at last as a dead
// letter that goes out once more; and no more once the person has withdrawn.
func TestSubscription(t *testing.T) {
	d := newDesk(t)
	department, provider := d.enrol(dibao), d.enrol("mca-return")
	webhook := d.outside + "/webhooks/" + dibao
	const dataset = "2030010005/000001"
	lawful := d.statutoryOn(dataset, "name", "monthly_amount")
	number := firstCitizen()
	for name, address := range map[string]string{"not registered": webhook + "/other", "this machine": "http://127.0.0.1:1/"} {
		department.orders(http.MethodPost, "/v1/subscriptions", subscriptionTo(dataset, address, lawful, number, "name")).wants(t, http.StatusForbidden, "webhook-not-registered")
		_ = name
	}
	one := deliveryIn(t, d.must("returns", "receive", d.deliver("--version", "1", "--rows", "20")))
	d.byTwo("publish", one.Delivery)
	var sub subscriptionSeen
	department.orders(http.MethodPost, "/v1/subscriptions", subscriptionTo(dataset, webhook, lawful, number, "name", "monthly_amount")).into(t, &sub)
	announced := func() {
		t.Helper()
		var taken map[string]any
		provider.orders(http.MethodPost, "/v1/changes", map[string]any{"item": dataset, "subjects": []map[string]string{{"id_type": "111", "id_number": number}}}).into(t, &taken)
	}
	department.orders(http.MethodPost, "/v1/changes", map[string]any{"item": dataset, "subjects": []map[string]string{{"id_type": "111", "id_number": number}}}).
		wants(t, http.StatusBadRequest, "field-invalid") // not its provider

	// Signed, with an exchange whose entries stand.
	announced()
	first := d.cameIn(t, dibao, 1)[0]
	if !first.Signed || first.Body.Sequence != 1 || first.Body.Exchange == nil || first.Body.Exchange.Data["monthly_amount"] != "100.00" {
		t.Fatalf("%+v", first)
	}
	wantTrail(t, d.world, first.Body.Exchange.ExchangeID, "intent", "outcome")

	// Refused once, then taken; what comes behind it waits its turn.
	d.answersNext(t, 500)
	announced()
	announced()
	came := d.cameIn(t, dibao, 4)
	if got := fmt.Sprint(came[1].Body.Sequence, came[2].Body.Sequence, came[3].Body.Sequence); got != "2 2 3" || !came[2].Body.Exchange.Retry {
		t.Errorf("they came as %s", got)
	}

	// Refused again and again: a dead letter, seen, and sent again.
	d.answersNext(t, 500, 503, 404)
	announced()
	dead := department.stands(t, sub.SubscriptionID, "dead", 1)
	if len(dead.Dead) != 1 || dead.Dead[0].Code != "webhook-refused" || dead.Dead[0].Attempts != 3 {
		t.Errorf("%+v", dead)
	}
	department.orders(http.MethodPost, "/v1/subscriptions/"+sub.SubscriptionID+"/redelivery", nil).into(t, &sub)
	if came = d.cameIn(t, dibao, 8); came[7].Body.Sequence != 5 || came[7].Answer != http.StatusNoContent {
		t.Errorf("%+v", came[7])
	}

	// A version without the person is a change; one that says the same of them is none.
	d.byTwo("publish", deliveryIn(t, d.must("returns", "receive", d.deliver("--version", "2", "--rows", "25"))).Delivery)
	three := deliveryIn(t, d.must("returns", "receive", d.deliver("--version", "3", "--rows", "20", "--first", "5"))).Delivery
	d.byTwo("publish", three)
	if came = d.cameIn(t, dibao, 9); came[8].Body.Problem != "record-missing" || came[8].Body.Exchange != nil || !came[8].Signed {
		t.Errorf("%+v", came[8].Body)
	}
	d.byTwo("roll-back", three)
	if came = d.cameIn(t, dibao, 10); came[9].Body.Exchange == nil || came[9].Body.Sequence != 7 {
		t.Errorf("%+v", came[9].Body)
	}
	department.stands(t, sub.SubscriptionID, "waiting", 0)
	d.stopsPushing(t, department, sub.SubscriptionID, lawful, len(came), announced)
	d.pushesLicences(t)
}

// stopsPushing: once the basis has ended the next delivery does not leave, and the person's
// entries say why; of a subscription that was ended nothing is known any more but its counts.
func (d *desk) stopsPushing(t *testing.T, department *caller, id, basisID string, before int, announced func()) {
	t.Helper()
	if _, err := d.nodes[0].safe.Govern(t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, basisID, basis.EventRevoked, "test"); err != nil {
		t.Fatal(err)
	}
	announced()
	department.stands(t, id, "refused", 1)
	if came := d.cameIn(t, dibao, before); len(came) != before {
		t.Errorf("%d pushes after the basis had ended", len(came)-before)
	}
	var sub subscriptionSeen
	department.orders(http.MethodPost, "/v1/subscriptions/"+id+"/end", nil).into(t, &sub)
	announced()
	if sub.State != "ended" {
		t.Errorf("%+v", sub)
	}
	d.enrol(butie).orders(http.MethodGet, "/v1/subscriptions/"+id, nil).wants(t, http.StatusNotFound, "subscription-unknown")
}

// pushesLicences: a licence that is issued, and one that is abolished, reach whoever
// subscribed to its type.
func (d *desk) pushesLicences(t *testing.T) {
	t.Helper()
	system := d.enrol(butie)
	order := subscriptionTo(assistanceItem, d.outside+"/webhooks/"+butie, d.licenceDuty(butie, gateway.View), firstCitizen(), "name", "category")
	order["service_item"], order["purpose"] = butieMatter, subsidyPurpose
	var sub subscriptionSeen
	system.orders(http.MethodPost, "/v1/subscriptions", order).into(t, &sub)
	made := d.issue(0, "DB-PUSHED")
	if came := d.cameIn(t, butie, 1)[0]; !came.Signed || came.Body.Exchange == nil || came.Body.Exchange.Data["category"] != "A类" {
		t.Errorf("the issued licence: %+v", came.Body)
	}
	if _, err := d.nodes[0].licences.Abolish(t.Context(), minzheng, made.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if came := d.cameIn(t, butie, 2)[1]; came.Body.Problem != "licence-abolished" || came.Body.Exchange != nil {
		t.Errorf("the abolished licence: %+v", came.Body)
	}
}
