package exchange

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/policies"
)

// TestInputIsWrittenWhole: what is kept of a decision is what encoding/json makes of
// all its input, in canonical form. A member that policies.Input gains is missed here.
func TestInputIsWrittenWhole(t *testing.T) {
	grant := &policies.Grant{
		ID: "g", Department: "d", System: "s", Item: "i", ItemVersion: 3, Fields: []string{"name"},
		Operations: []gateway.Operation{gateway.View}, ServiceItems: []string{"m"}, Purposes: []string{"p"},
		From: time.Unix(1, 0), Expires: time.Unix(2, 5), LegalProvision: "l",
		Hours: []policies.Hours{{Days: []int{1}, From: 1, Until: 2}}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		RatePerSecond: 1, DailyQuota: 2,
	}
	in := policies.Input{
		Now:     time.Now().UTC(),
		System:  policies.System{ID: "s", Department: "d", Level: "district", Division: "440106"},
		Item:    policies.Item{Code: "i", Version: 3, Provider: "p", SharedType: "有条件", ReturnList: true, Fields: []policies.Field{{Name: "name", Label: "姓名", Sensitive: true}}},
		Subject: "00112233445566778899aabbccddeeff",
		Network: netip.MustParseAddr("10.1.2.3"),
		Ask:     policies.Ask{Fields: []string{"name"}, Operation: gateway.View, ServiceItem: "m", Purpose: "p", CaseNo: "c"},
		Grant:   grant,
		Basis: &policies.Basis{
			ID: "b", Kind: "STATUTORY", State: "ACTIVE", Subject: "x", Department: "d", System: "s", Item: "i", ItemVersion: 3,
			Fields: []string{"name"}, Operations: []gateway.Operation{gateway.View, gateway.Copy}, ServiceItem: "m", Purpose: "p", CaseNo: "c",
			LegalProvision: "《某法》第一条 \"x\"", From: time.Unix(3, 0).UTC(), Expires: time.Unix(4, 0).UTC(),
		},
	}
	in.Template = &policies.Template{ID: "t", Version: 2, Fields: []string{"name"}}
	allSet(t, reflect.ValueOf(in), "Input")
	w, err := write(known{
		systems: map[string]policies.System{"s": in.System}, items: map[string]policies.Item{"i": in.Item},
		grants: map[grantKey][]*policies.Grant{{"s", "i"}: {grant}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := canonical(in)
	if err != nil {
		t.Fatal(err)
	}
	got := w.input(&in)
	if !bytes.Equal(got, want) {
		t.Errorf("written\n%s\nwant\n%s", got, want)
	}
	var back policies.Input
	if err := json.Unmarshal(got, &back); err != nil || back.Basis.LegalProvision != in.Basis.LegalProvision || !back.Now.Equal(in.Now) {
		t.Errorf("it does not come back: %v", err)
	}
}

// allSet fails where the test's own input leaves a member empty.
func allSet(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	if v.IsZero() {
		t.Errorf("%s is empty in this test", path)
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[netip.Addr]() {
		return
	}
	for i := range v.NumField() {
		allSet(t, v.Field(i), path+"."+v.Type().Field(i).Name)
	}
}
