package rest_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"testing"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/connectortest"
	"kapok/crypto/sm"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

func secret(string) (string, error) { return "key-of-this-test", nil }

func world() builtin.World {
	return builtin.World{Secrets: secret, Client: connectors.HTTPClient(), Verifier: sm.NewVerifier(sm.VerifierOptions{})}
}

// answerKey is the public half of the example of GB/T 32918.5.
func answerKey(t testing.TB) string {
	t.Helper()
	point, err := hex.DecodeString("0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13")
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(point)
}

func settings(t testing.TB, url string) map[string]string {
	return map[string]string{
		"url": url + "/cl/v1/disability", "subject_param": "id_card", "auth": "header", "auth_header": "X-Api-Key", "auth_secret": "cl",
		"code": "/status", "ok": "ok", "records": "/result/rows", "as_of": "/result/as_of",
		"answer_key": answerKey(t), "answer_signature": "X-Body-Signature", "header.X-Consumer": "kapok",
	}
}

func open(t testing.TB, given map[string]string) connectors.Connector {
	t.Helper()
	connector, err := builtin.New("rest", given, world())
	if err != nil {
		t.Fatal(err)
	}
	return connector
}

func TestSuite(t *testing.T) {
	connectortest.Run(t, connectortest.Candidate{
		SID: "bureau-disability", NameField: "person_name", NumberField: "id_card",
		Flags: []string{"--bureau-key", "key-of-this-test"},
		// The sandbox's refusal has status 200 and is not what the signature is over.
		Wants: map[string]error{"expired-key": connectors.ErrRefused, "refused": connectors.ErrGarbage},
		New:   func(t testing.TB, s connectortest.Sandbox) connectors.Connector { return open(t, settings(t, s.URL)) },
	})
}

// Every way to prove oneself and to send the number reaches the record.
func TestVariants(t *testing.T) {
	s := connectortest.StartSandbox(t, "--bureau-key", "key-of-this-test")
	citizen := s.Citizens(t)[0]
	for name, change := range map[string]map[string]string{
		"basic":          {"auth": "basic", "auth_user": "kapok"},
		"bearer":         {"auth": "bearer"},
		"oauth2":         {"auth": "oauth2", "auth_user": "kapok", "token_url": s.URL + "/cl/oauth/token"},
		"form":           {"send": "form"},
		"query":          {"method": "GET", "send": "query", "number_in_address": "accepted"},
		"unsigned":       {"answer_key": "", "answer_signature": ""},
		"no such record": {"missing_status": "404"},
	} {
		given := settings(t, s.URL)
		maps.Copy(given, change)
		answer, err := open(t, given).Fetch(t.Context(), connectors.Query{Subject: connectortest.Subject(t, citizen.IDNumber)})
		if err != nil || len(answer.Records) != 1 || answer.Records[0]["person_name"] != citizen.Name {
			t.Errorf("%s: %d records, %v", name, len(answer.Records), err)
		}
		if (answer.Signature == nil) != (given["answer_key"] == "") {
			t.Errorf("%s: the signature is %d bytes", name, len(answer.Signature))
		}
	}
}

func TestWrongSecretIsRefused(t *testing.T) {
	s := connectortest.StartSandbox(t, "--bureau-key", "another")
	given := settings(t, s.URL)
	delete(given, "answer_key")
	delete(given, "answer_signature")
	_, err := open(t, given).Fetch(t.Context(), connectors.Query{Subject: connectortest.Subject(t, s.Citizens(t)[0].IDNumber)})
	if !errors.Is(err, connectors.ErrRefused) {
		t.Error(err)
	}
}

func TestSettingsRefused(t *testing.T) {
	for _, change := range []string{
		"url=/x", "method=DELETE", "send=smoke", "method=GET", "send=query", "auth=magic", "auth_header=", "auth_secret=",
		"auth=basic", "auth=oauth2", "answer_key=", "answer_key=AAAA", "answer_signature=", "records=rows", "as_of=x", "code=x",
		"missing_status=200", "missing_status=x", "subject_param=", "pram.x=1", "param.=1",
	} {
		given := settings(t, "http://127.0.0.1:1")
		name, value, _ := strings.Cut(change, "=")
		given[name] = value
		if _, err := builtin.New("rest", given, world()); err == nil {
			t.Errorf("%s was accepted", change)
		}
	}
}
