package peer

import (
	"net/http"
	"testing"

	"kapok/crypto/keys"
	"kapok/gateway/federation"
)

func TestSettings(t *testing.T) {
	self := Self{ID: "tianhe", Signing: func() keys.Signing { return keys.Signing{} }, Members: func() *federation.List { return nil }}
	given := func(name, value string) map[string]string {
		settings := map[string]string{"member": "city", "item": "1010010001/000001"}
		settings[name] = value
		return settings
	}
	for name, c := range map[string]struct {
		settings map[string]string
		self     Self
		fine     bool
	}{
		"all is well":           {given("service_item", "m"), self, true},
		"a copy":                {given("operation", "COPY"), self, true},
		"values that stay":      {given("operation", "VERIFY"), self, false},
		"no member":             {given("member", ""), self, false},
		"no item":               {given("item", ""), self, false},
		"a misspelt setting":    {given("itme", "x"), self, false},
		"in no federation here": {given("purpose", "p"), Self{}, false},
	} {
		if _, err := New(c.settings, c.self, http.DefaultClient, nil); (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}
