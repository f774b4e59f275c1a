package gjgxjhpt_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/connectortest"
	"kapok/gateway"
)

const (
	appKey = "app-key-of-this-test"
	sid    = "sid-mps-household-0001"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

func secret(string) (string, error) { return appKey, nil }

func settings(url, cipher string) map[string]string {
	return map[string]string{
		"url": url + "/gjgxjhpt/service", "key_url": url + "/gjgxjhpt/key",
		"rid": "rid-440106-kapok", "sid": sid, "app_key": "platform-app-key", "cipher": cipher,
		"subject_param": "GMSFHM", "records": "/data/records", "as_of": "/data/asOf",
	}
}

func candidate(cipher string) connectortest.Candidate {
	return connectortest.Candidate{
		SID: sid, NameField: "XM", NumberField: "GMSFHM",
		Flags: []string{"--app-key", appKey, "--cipher", cipher},
		Lacks: map[string]string{"wrong-signature": "the platform does not sign its answers"},
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			t.Helper()
			connector, err := builtin.New("gjgxjhpt", settings(s.URL, cipher), builtin.World{Secrets: secret, Client: connectors.HTTPClient()})
			if err != nil {
				t.Fatal(err)
			}
			return connector
		},
	}
}

func TestSuite(t *testing.T) {
	for _, cipher := range []string{"cbc", "ecb"} {
		t.Run(cipher, func(t *testing.T) { connectortest.Run(t, candidate(cipher)) })
	}
}

// One exchange serves all callers that wait for it, and all calls after it.
func TestOneKeyExchange(t *testing.T) {
	s := connectortest.StartSandbox(t, "--app-key", appKey)
	connector := candidate("cbc").New(t, s)
	citizens := s.Citizens(t)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() { ask(t, connector, citizens[i%len(citizens)].IDNumber) })
	}
	all.Wait()
	if got := s.Counts(t); got.KeyExchanges != 1 || got.Calls != 200 || got.Refusals != 0 {
		t.Errorf("%+v, want 1 key exchange for 200 calls", got)
	}
}

// An expired key costs one more exchange, however many calls meet it.
func TestExpiredKeyIsExchangedOnce(t *testing.T) {
	s := connectortest.StartSandbox(t, "--app-key", appKey)
	connector := candidate("cbc").New(t, s)
	number := s.Citizens(t)[0].IDNumber
	ask(t, connector, number)
	s.Order(t, connectortest.Fault{SID: sid, Kind: "expired-key", Count: 1})
	ask(t, connector, number)
	if got := s.Counts(t); got.KeyExchanges != 2 || got.Calls != 3 || got.Refusals != 1 {
		t.Errorf("%+v, want 2 key exchanges and 3 calls", got)
	}
}

// Secrets that live for 300 ms are renewed without anybody noticing.
func TestShortLivedSecrets(t *testing.T) {
	s := connectortest.StartSandbox(t, "--app-key", appKey, "--secret-life", "300ms")
	connector := candidate("cbc").New(t, s)
	number := s.Citizens(t)[0].IDNumber
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		ask(t, connector, number)
	}
	if got := s.Counts(t); got.KeyExchanges < 3 {
		t.Errorf("%+v, want an exchange for each 300 ms", got)
	}
}

func TestWrongAppKeyIsRefused(t *testing.T) {
	s := connectortest.StartSandbox(t, "--app-key", "another")
	connector := candidate("cbc").New(t, s)
	subject := identity(t, s.Citizens(t)[0].IDNumber)
	_, err := connector.Fetch(t.Context(), connectors.Query{Subject: subject})
	if !isFault(err, connectors.ErrRefused) {
		t.Errorf("%v, want refused", err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	thief := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the question went elsewhere") })
	source := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief, http.StatusTemporaryRedirect)
	})
	connector, err := builtin.New("gjgxjhpt", settings(source, "cbc"), builtin.World{Secrets: secret, Client: &http.Client{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = connector.Fetch(t.Context(), connectors.Query{Subject: identity(t, "11010519491231002X")})
	if !isFault(err, connectors.ErrGarbage) {
		t.Errorf("%v, want garbage", err)
	}
}

func ask(t testing.TB, connector connectors.Connector, number string) {
	t.Helper()
	answer, err := connector.Fetch(t.Context(), connectors.Query{Subject: identity(t, number)})
	if err != nil || len(answer.Records) != 1 || answer.Records[0]["GMSFHM"] != number {
		t.Errorf("answer %v, error %v", answer, err)
	}
}

func identity(t testing.TB, number string) gateway.Identity {
	t.Helper()
	subject, err := gateway.ParseIdentity(gateway.CitizenID, number)
	if err != nil {
		t.Fatal(err)
	}
	return subject
}
