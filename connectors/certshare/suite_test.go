package certshare_test

import (
	"errors"
	"strings"
	"testing"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/certshare"
	"kapok/connectors/connectortest"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

const (
	privateKey = "4c1fe73923bc113accaa8c97ac78f6c395cee0e89652ec5356c9d5c2ab4e640c" // of the sandbox's consumer
	otherKey   = "00000000000000000000000000000000000000000000000000000000000000aa"
	typeCode   = "11440000KAPK01099X001"
)

func secret(name string) (string, error) {
	return map[string]string{"token": "token-of-this-test", "key": privateKey, "other-key": otherKey, "wrong-token": "guess", "no-key": "zz"}[name], nil
}

func settings(url string) map[string]string {
	return map[string]string{"url": url + "/zzgxpt", "type_code": typeCode, "access_id": "kapok440106", "access_token": "token", "key": "key"}
}

func flags() []string { return []string{"--share-token", "token-of-this-test"} }

func TestSuite(t *testing.T) {
	connectortest.Run(t, connectortest.Candidate{
		SID: "cert-share", NameField: "certificateHolderName", NumberField: "certificateHolderCode", Flags: flags(),
		Lacks: map[string]string{"wrong-signature": "nothing of the answer is signed; certData is encrypted to the caller"},
		Wants: map[string]error{"expired-key": connectors.ErrRefused},
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			connector, err := builtin.New("cert-share", settings(s.URL), builtin.World{Secrets: secret, Client: connectors.HTTPClient()})
			if err != nil {
				t.Fatal(err)
			}
			return connector
		},
	})
}

// One sandbox: what extend_info holds joins the record; a type that nobody holds is no
// record; a wrong token is a refusal; what is not encrypted to Kapok's key is garbage.
func TestLicence(t *testing.T) {
	s := connectortest.StartSandbox(t, flags()...)
	citizen := s.Citizens(t)[0]
	for _, c := range []struct {
		change, to string
		want       error
		records    int
	}{
		{"category", "依申请用证", nil, 1},
		{"type_code", "11440000KAPK01099X002", nil, 0},
		{"access_token", "wrong-token", connectors.ErrRefused, 0},
		{"key", "other-key", connectors.ErrGarbage, 0},
		{"cipher", "c1c2c3", connectors.ErrGarbage, 0},
	} {
		given := settings(s.URL)
		given[c.change] = c.to
		connector, err := certshare.New(given, secret, connectors.HTTPClient())
		if err != nil {
			t.Fatal(err)
		}
		answer, err := connector.Fetch(t.Context(), connectors.Query{Subject: connectortest.Subject(t, citizen.IDNumber), ServiceItem: "m"})
		if !errors.Is(err, c.want) || len(answer.Records) != c.records {
			t.Errorf("%s %s: %d records, %v", c.change, c.to, len(answer.Records), err)
		}
		if c.records == 1 && (!strings.HasPrefix(answer.Records[0]["KH"], "CARD") || answer.Records[0]["extend_info"] != "") {
			t.Errorf("the extension did not join the record")
		}
	}
}

func TestSettings(t *testing.T) {
	for name, change := range map[string][2]string{
		"an unknown setting": {"typo", "x"}, "no type": {"type_code", ""}, "no address": {"url", "ftp://x"},
		"a cipher that nobody has": {"cipher", "rsa"}, "a key that is none": {"key", "no-key"}, "no secret": {"access_token", "nothing"},
	} {
		given := settings("http://127.0.0.1:1")
		given[change[0]] = change[1]
		if _, err := certshare.New(given, secret, connectors.HTTPClient()); err == nil {
			t.Errorf("%s is taken", name)
		} else if strings.Contains(err.Error(), privateKey) {
			t.Errorf("%s: the error holds a secret", name)
		}
	}
}
