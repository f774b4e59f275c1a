package tif_test

import (
	"strings"
	"testing"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/connectortest"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

func secret(string) (string, error) { return "token-of-this-test", nil }

func TestSuite(t *testing.T) {
	connectortest.Run(t, connectortest.Candidate{
		SID: "tif-insurance", NameField: "aac003", NumberField: "aac002",
		Flags: []string{"--paas-token", "token-of-this-test"},
		Wants: map[string]error{"expired-key": connectors.ErrRefused},
		Lacks: map[string]string{"wrong-signature": "the gateway does not sign its answers"},
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			return open(t, s, "upper")
		},
	})
}

func open(t testing.TB, s connectortest.Sandbox, hexCase string) connectors.Connector {
	t.Helper()
	connector, err := builtin.New("tif", map[string]string{
		"url": s.URL + "/ebus/kapok440106/insurance", "paas_id": "kapok440106", "token": "tif-token", "signature": hexCase,
		"subject_param": "aac002", "records": "/data/rows", "as_of": "/data/time",
	}, builtin.World{Secrets: secret, Client: connectors.HTTPClient()})
	if err != nil {
		t.Fatal(err)
	}
	return connector
}

func TestLowerCaseSignature(t *testing.T) {
	s := connectortest.StartSandbox(t, "--paas-token", "token-of-this-test")
	if _, err := open(t, s, "lower").Fetch(t.Context(), connectors.Query{Subject: connectortest.Subject(t, s.Citizens(t)[0].IDNumber)}); err != nil {
		t.Error(err)
	}
}

func TestSettingsRefused(t *testing.T) {
	for _, change := range []string{"paas_id=", "signature=mixed", "prefix=x-", "subject_param=", "url=/ebus", "records=data", "code=code", "tokn=x"} {
		given := map[string]string{"url": "http://127.0.0.1:1/ebus/p", "paas_id": "p", "token": "t", "subject_param": "n"}
		name, value, _ := strings.Cut(change, "=")
		given[name] = value
		if _, err := builtin.New("tif", given, builtin.World{Secrets: secret, Client: connectors.HTTPClient()}); err == nil {
			t.Errorf("%s was accepted", change)
		}
	}
}
