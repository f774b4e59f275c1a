package ledger

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestDisclose(t *testing.T) {
	d := newAuthority(t)
	sealed := sealOne(t, d.operational(t), testOrigin, 9, anEntry())
	raw, err := sealed.receipt(nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := VerifyReceipt(raw, d.bundle(), both()).Told
	for _, names := range [][]string{{}, {whole.Shown[0].Name}, {whole.Shown[2].Name, whole.Shown[0].Name}} {
		smaller, err := Disclose(raw, names)
		if err != nil {
			t.Fatal(err)
		}
		report := VerifyReceipt(smaller, d.bundle(), both())
		if !report.OK() || len(report.Told.Shown) != len(names) || len(report.Told.Hidden) != len(whole.Shown)-len(names) {
			t.Errorf("%v: %+v", names, report)
		}
		for _, shown := range whole.Shown {
			if !slices.Contains(names, shown.Name) && bytes.Contains(smaller, []byte(`"`+shown.Value+`"`)) {
				t.Errorf("%v: field %s is still there", names, shown.Name)
			}
		}
		if again, err := Disclose(smaller, names); err != nil || !bytes.Equal(again, smaller) {
			t.Errorf("the same once more: %v", err)
		}
	}
}

// TestDiscloseRefuses names what it cannot show, and passes on nothing untrue.
func TestDiscloseRefuses(t *testing.T) {
	d := newAuthority(t)
	sealed := sealOne(t, d.operational(t), testOrigin, 9, anEntry())
	raw := aReceipt(t, sealed)
	for name, c := range map[string]struct {
		raw  []byte
		show string
		why  string
	}{
		"hidden":        {raw, SubjectField, "hidden or erased"},
		"absent":        {raw, "absent", "has no field"},
		"no name":       {raw, "\x1b[2J", "not the name"},
		"another value": {bytes.Replace(raw, []byte(`"value":"`), []byte(`"value":"x`), 1), "item", "not what the entry commits to"},
		"cut off":       {raw[:100], "item", "not JSON"},
	} {
		if out, err := Disclose(c.raw, []string{c.show}); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
}

// TestErasedFieldsStayProvable: once the salts are erased, nobody can show a field
// again; the entry is proved all the same, and whoever kept an opening can still
// prove it against the commitment.
func TestErasedFieldsStayProvable(t *testing.T) {
	d := newAuthority(t)
	sealed := sealOne(t, d.operational(t), testOrigin, 9, anEntry())
	before := aReceipt(t, sealed)
	sealed.packed = nil
	after := aReceipt(t, sealed)
	report := VerifyReceipt(after, d.bundle(), both())
	if !report.OK() || len(report.Told.Shown) != 0 || len(report.Told.Hidden) != 4 {
		t.Fatalf("%+v", report)
	}
	kept := VerifyReceipt(before, d.bundle(), both())
	if !kept.OK() || len(kept.Told.Shown) != 3 {
		t.Errorf("%+v", kept)
	}
	if _, err := Disclose(after, []string{kept.Told.Shown[0].Name}); err == nil || !strings.Contains(err.Error(), "erased") {
		t.Errorf("%v", err)
	}
}
