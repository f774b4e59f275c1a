package licenceapp_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/connectortest"
	"kapok/connectors/licenceapp"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

func secret(name string) (string, error) { return "secret-of-this-test-" + name, nil }

func settings(url string) map[string]string {
	return map[string]string{
		"url": url + "/license-app/v1", "item_code": "11100000000013127Y003", "app_key": "kapok440106", "account": "kapok",
		"app_secret": "a", "password": "b", "operator.account": "kapok", "operator.name": "共享网关",
	}
}

func flags() []string {
	return []string{"--licence-app-secret", "secret-of-this-test-a", "--licence-password", "secret-of-this-test-b"}
}

func TestSuite(t *testing.T) {
	connectortest.Run(t, connectortest.Candidate{
		SID: "licence-app", NameField: "holder_name", NumberField: "holder_identity_num", Flags: flags(),
		Lacks: map[string]string{"wrong-signature": "the method of the envelope's sign is nowhere published"},
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			connector, err := builtin.New("license-app", settings(s.URL), builtin.World{Secrets: secret, Client: connectors.HTTPClient()})
			if err != nil {
				t.Fatal(err)
			}
			return connector
		},
	})
}

// One sandbox: the fields of data_fields join the record, a type that nobody holds is no
// record, and a wrong password is a refusal.
func TestLicence(t *testing.T) {
	s := connectortest.StartSandbox(t, flags()...)
	citizen := s.Citizens(t)[0]
	ask := func(change, to string) (connectors.Answer, error) {
		given := settings(s.URL)
		given[change] = to
		connector, err := licenceapp.New(given, secret, connectors.HTTPClient())
		if err != nil {
			t.Fatal(err)
		}
		return connector.Fetch(t.Context(), connectors.Query{Subject: connectortest.Subject(t, citizen.IDNumber)})
	}
	held, err := ask("expired_code", "ACCESS_TOKEN_INVALID")
	if err != nil || len(held.Records) != 1 || held.Records[0]["CYRMC"] != citizen.Name || held.Records[0]["data_fields"] != "" {
		t.Errorf("%v", err)
	}
	if _, err := licenceappOf(t, s).Fetch(t.Context(), connectors.Query{Subject: connectortest.Subject(t, s.Citizens(t)[18].IDNumber)}); !errors.Is(err, connectors.ErrAbolished) || !errors.Is(err, connectors.ErrRefused) {
		t.Errorf("whose only licence was abolished: %v", err)
	}
	if other, err := ask("item_code", "another"); err != nil || len(other.Records) != 0 {
		t.Errorf("%d records of a type nobody holds, %v", len(other.Records), err)
	}
	if _, err := ask("password", "wrong"); !errors.Is(err, connectors.ErrRefused) {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestSettingsRefused(t *testing.T) {
	for _, name := range []string{"url", "item_code", "app_key", "account", "app_secret", "password", "operator.account", "operator.name"} {
		given := settings("http://127.0.0.1:1")
		given[name] = ""
		if _, err := licenceapp.New(given, secret, connectors.HTTPClient()); err == nil {
			t.Errorf("no %s was accepted", name)
		}
	}
}

func licenceappOf(t testing.TB, s connectortest.Sandbox) connectors.Connector {
	t.Helper()
	connector, err := licenceapp.New(settings(s.URL), secret, connectors.HTTPClient())
	if err != nil {
		t.Fatal(err)
	}
	return connector
}

// TestWhoAsksAndWhy: the province is told the officer, the matter, the case and the purpose of
// each question; the settings' account where no officer is named.
func TestWhoAsksAndWhy(t *testing.T) {
	s := connectortest.StartSandbox(t, flags()...)
	q := connectors.Query{
		Subject: connectortest.Subject(t, s.Citizens(t)[0].IDNumber), ServiceItem: "11440106KAPK0002272010511001000", CaseNo: "CASE-1", Purpose: "assistance-review",
		Operator: connectors.Operator{Department: "tianhe-minzheng", System: "tianhe-minzheng-dibao", Officer: "officer-0001"},
	}
	for _, officer := range []string{"officer-0001", ""} {
		q.Operator.Officer = officer
		if _, err := licenceappOf(t, s).Fetch(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		res, err := http.Get(s.URL + "/sandbox/licence-app/told")
		if err != nil {
			t.Fatal(err)
		}
		var told struct{ Matter, Case, Cause, Operator string }
		err = json.NewDecoder(res.Body).Decode(&told)
		_ = res.Body.Close()
		if want := cmp.Or(officer, "kapok"); err != nil || told.Matter != q.ServiceItem || told.Case != q.CaseNo || told.Cause != q.Purpose || told.Operator != want {
			t.Errorf("told %+v, %v", told, err)
		}
	}
}
