package exchange_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/exchange"
	"kapok/policies"
)

// narrowed is the example catalogue with fewer fields for the assistance's matter.
func narrowed(t *testing.T, from, to string) (*catalog.Catalog, error) {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(catalog.Example(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".yaml") {
			return err
		}
		files[name], err = fs.ReadFile(catalog.Example(), name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files["service-items.yaml"])
	if !strings.Contains(text, from) {
		t.Fatalf("the catalogue does not say %q", from)
	}
	files["service-items.yaml"] = []byte(strings.Replace(text, from, to, 1))
	return catalog.LoadFiles(files, map[string]string{"SANDBOX_URL": "http://sandbox.invalid", "OIDC_ISSUER": "http://issuer.invalid"})
}

// TestTemplateBoundsEveryUse: what a matter may use is published with the catalogue. It
// bounds what grant and basis would allow, names the excess, and dropping that helps.
func TestTemplateBoundsEveryUse(t *testing.T) {
	directory, err := narrowed(t, "state, phone]", "state]")
	if err != nil {
		t.Fatal(err)
	}
	set, err := policies.Load(policies.Example())
	if err != nil {
		t.Fatal(err)
	}
	q := exchange.Question{
		System: "tianhe-minzheng-dibao", Item: "1010010001/000001", Fields: []string{"name", "phone"}, Operation: gateway.View,
		ServiceItem: "11440106KAPK0002272010511001000", Purpose: "assistance-review", BasisKind: basis.Statutory,
	}
	now := time.Date(2026, 6, 1, 1, 0, 0, 0, time.UTC)
	d, err := exchange.Explain(exchange.Live{Catalog: directory, Policies: set}, q, now)
	if err != nil {
		t.Fatal(err)
	}
	if d.Allowed || d.Code != policies.FieldsExceed || !slices.Equal(d.Excess, []string{"phone"}) || !strings.Contains(d.Reasons[0].En, "template of this matter") {
		t.Errorf("%+v", d)
	}
	if d.Remedy.Steps[0].Do != policies.DropFields {
		t.Fatalf("%+v", d.Remedy)
	}
	q.Fields = slices.DeleteFunc(q.Fields, func(name string) bool { return slices.Contains(d.Remedy.Steps[0].Fields, name) })
	if d, err = exchange.Explain(exchange.Live{Catalog: directory, Policies: set}, q, now); err != nil || !d.Allowed {
		t.Errorf("following the refusal did not help: %+v, %v", d, err)
	}
}

func TestWrongNeedsAreRefusedAtTheirLine(t *testing.T) {
	const sound = "{ item: 1010010001/000001, fields: ["
	for name, c := range map[string]struct{ to, want string }{
		"a field that is not there": {sound + "shoe_size, ", `service-items.yaml:12:`},
		"an item that is not there": {"{ item: 1010010001/999999, fields: [", `there is no item "1010010001/999999"`},
		"a key that is not known":   {"{ least: true, item: 1010010001/000001, fields: [", `the key "least" is not known here`},
		"twice":                     {sound + "name] }\n      - " + sound, `stands among the needs twice`},
		"nothing":                   {sound + "] }\n      # ", `a need names at least one field`},
	} {
		if _, err := narrowed(t, sound, c.to); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
