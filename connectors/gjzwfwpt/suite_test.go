package gjzwfwpt_test

import (
	"errors"
	"testing"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/connectortest"
	"kapok/connectors/gjzwfwpt"
)

const appKey = "app-key-of-this-test"

func TestMain(m *testing.M) { connectortest.Main(m) }

func secret(string) (string, error) { return appKey, nil }

func settings(url string) map[string]string {
	return map[string]string{
		"url": url + "/sysapi/query/household", "rid": "rid-440106-direct", "sid": "sid-direct-household-0001",
		"app_key": "direct-app-key", "subject_param": "gmsfhm", "records": "/data/list", "as_of": "/data/update_time",
	}
}

func TestSuite(t *testing.T) {
	connectortest.Run(t, connectortest.Candidate{
		SID: "sid-direct-household-0001", NameField: "xm", NumberField: "gmsfhm",
		Flags: []string{"--direct-app-key", appKey},
		Wants: map[string]error{"expired-key": connectors.ErrRefused}, // the appkey is the only one
		Lacks: map[string]string{"wrong-signature": "data direct does not sign its answers"},
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			connector, err := builtin.New("gjzwfwpt", settings(s.URL), builtin.World{Secrets: secret, Client: connectors.HTTPClient()})
			if err != nil {
				t.Fatal(err)
			}
			return connector
		},
	})
}

func TestSettingsRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"a name in capitals": {"subject_param", "GMSFHM"}, "a constant in capitals": {"param.Version", "1"},
		"no sid": {"sid", ""}, "no rid": {"rid", ""}, "a misspelt one": {"sidd", "x"}, "records no pointer": {"records", "data"},
		"no address": {"url", "sysapi"}, "no secret": {"app_key", ""},
	} {
		given := settings("http://127.0.0.1:1")
		given[change[0]] = change[1]
		if _, err := gjzwfwpt.New(given, secret, connectors.HTTPClient()); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// An application is reported, gets its receipt, waits, and is decided by the nation.
func TestDesk(t *testing.T) {
	s := connectortest.StartSandbox(t, "--direct-app-key", appKey)
	desk, err := gjzwfwpt.NewDesk(map[string]string{
		"rid": "rid-440106-direct", "app_key": "direct-app-key",
		"report_url": s.URL + "/sysapi/apply/report", "report_sid": "sid-direct-apply-0001",
		"status_url": s.URL + "/sysapi/apply/status", "status_sid": "sid-direct-status-0001",
	}, secret, connectors.HTTPClient())
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]gjzwfwpt.State{"KAPOK-1": gjzwfwpt.Passed, "KAPOK-2-no": gjzwfwpt.TurnedDown} {
		application := gjzwfwpt.Application{ID: id, ResourceID: "res-1", Scene: "社会救助", Basis: "社会救助暂行办法", Until: "2030-12-31"}
		receipt, err := desk.Report(t.Context(), application)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := desk.Report(t.Context(), application); err != nil || again != receipt {
			t.Errorf("the same application got another receipt: %v", err)
		}
		waiting, err := desk.Follow(t.Context(), receipt)
		if err != nil || waiting.State != gjzwfwpt.Waiting || waiting.State.Final() {
			t.Errorf("%+v, %v", waiting, err)
		}
		decided, err := desk.Follow(t.Context(), receipt)
		if err != nil || decided.State != want || !decided.State.Final() || decided.Opinion == "" {
			t.Errorf("%+v, %v; want %s %s", decided, err, want, want.Label())
		}
	}
	if _, err := desk.Report(t.Context(), gjzwfwpt.Application{}); !errors.Is(err, connectors.ErrRefused) {
		t.Errorf("an empty application: %v", err)
	}
	if _, err := desk.Follow(t.Context(), "UP-nobody"); !errors.Is(err, connectors.ErrRefused) {
		t.Errorf("a receipt nobody gave: %v", err)
	}
}
