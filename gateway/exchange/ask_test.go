package exchange

import (
	"strings"
	"testing"

	"kapok/gateway"
)

const goodAsk = `{"item":"1010010001/000001","fields":["name","state"],"operation":"VIEW",` +
	`"subject":{"id_type":"111","id_number":"` + validNumber + `"},` +
	`"service_item":"11440106KAPK0002272010511001000","case_no":"DB-2026-000001",` +
	`"officer_ref":"officer-0001","purpose":"assistance-review","basis_id":"b1"}`

const validNumber = "11010519491231002X" // the example printed in GB 11643

func TestAskIsRead(t *testing.T) {
	ask, subject, err := parseAsk([]byte(goodAsk))
	if err != nil {
		t.Fatal(err)
	}
	if ask.Item != "1010010001/000001" || ask.Operation != gateway.View || subject.Number() != validNumber {
		t.Errorf("read %+v about %v", ask, subject)
	}
}

func TestAskBreaksARule(t *testing.T) {
	change := func(from, to string) string {
		changed := strings.Replace(goodAsk, from, to, 1)
		if changed == goodAsk {
			t.Fatalf("the example does not hold %s", from)
		}
		return changed
	}
	for _, test := range []struct{ name, body, field, code string }{
		{"nothing", ``, "", "json-malformed"},
		{"not JSON", `{"item":`, "", "json-malformed"},
		{"an array", `[]`, "", "json-malformed"},
		{"something after", goodAsk + `{}`, "", "json-malformed"},
		{"an unknown member", change(`"item"`, `"secret":1,"item"`), "", "json-malformed"},
		{"a number for a text", change(`"case_no":"DB-2026-000001"`, `"case_no":7`), "/case_no", "field-invalid"},
		{"no item", change(`"item":"1010010001/000001",`, ``), "/item", "field-invalid"},
		{"an item with a blank", change(`1010010001/000001`, `1010010001 /000001`), "/item", "field-invalid"},
		{"no fields", change(`["name","state"]`, `[]`), "/fields", "field-invalid"},
		{"a field twice", change(`["name","state"]`, `["name","name"]`), "/fields", "field-invalid"},
		{"too many fields", change(`["name","state"]`, `["f`+strings.Join(numbers(61), `","f`)+`"]`), "/fields", "field-invalid"},
		{"an unknown operation", change(`"VIEW"`, `"TAKE"`), "/operation", "field-invalid"},
		{"no service item", change(`"service_item":"11440106KAPK0002272010511001000",`, ``), "/service_item", "field-invalid"},
		{"no case", change(`"case_no":"DB-2026-000001",`, ``), "/case_no", "field-invalid"},
		{"no officer", change(`"officer_ref":"officer-0001",`, ``), "/officer_ref", "field-invalid"},
		{"no purpose", change(`"purpose":"assistance-review",`, ``), "/purpose", "field-invalid"},
		{"expected without VERIFY", change(`"basis_id":"b1"`, `"expected":{"name":"x"}`), "/expected", "field-invalid"},
		{"VERIFY without expected", change(`"VIEW"`, `"VERIFY"`), "/expected", "field-invalid"},
		{"a wrong check digit", change(validNumber, "110105194912310021"), "/subject", "field-invalid"},
		{"no such day", change(validNumber, "110105194913310026"), "/subject", "field-invalid"},
		{"an unknown holder type", change(`"id_type":"111"`, `"id_type":"999"`), "/subject", "field-invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := parseAsk([]byte(test.body))
			failure := gateway.AsError(err)
			if err == nil || failure.Code != test.code || failure.Field != test.field || failure.Kind != gateway.Invalid {
				t.Errorf("got %v (field %q), want %s at %q", err, failure.Field, test.code, test.field)
			}
			if strings.Contains(failure.Message, validNumber[:17]) || strings.Contains(failure.Error(), validNumber[:17]) {
				t.Error("the error repeats the identity number")
			}
		})
	}
}

func FuzzParseAsk(f *testing.F) {
	f.Add([]byte(goodAsk))
	f.Add([]byte(`{"subject":{"id_type":"111","id_number":{}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ask, subject, err := parseAsk(body)
		if err != nil {
			if gateway.AsError(err).Kind != gateway.Invalid {
				t.Errorf("a bad body is %v", err)
			}
			return
		}
		if subject.IsZero() || len(ask.Fields) == 0 || ask.CaseNo == "" || ask.OfficerRef == "" {
			t.Error("an ask was accepted that names not everything")
		}
	})
}

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.Repeat("a", i+1)
	}
	return out
}
