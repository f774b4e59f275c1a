package builtin_test

import (
	"errors"
	"strings"
	"testing"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/crypto/sm"
)

// secret is one that also serves as an SM2 private key.
func secret(string) (string, error) { return strings.Repeat("a1", 32), nil }

func world(secrets func(string) (string, error)) builtin.World {
	return builtin.World{Secrets: secrets, Client: connectors.HTTPClient(), Verifier: sm.NewVerifier(sm.VerifierOptions{})}
}

func TestUnknownProtocol(t *testing.T) {
	if c, err := builtin.New("carrier-pigeon", nil, world(secret)); err == nil {
		t.Errorf("it made %v", c)
	}
}

func TestMissingSecret(t *testing.T) {
	missing := errors.New("no such secret")
	_, err := builtin.New("gjgxjhpt", map[string]string{"app_key": "x"}, world(func(string) (string, error) { return "", missing }))
	if !errors.Is(err, missing) {
		t.Errorf("%v, want the store's own error", err)
	}
}

// within are the protocols whose data lies in Kapok itself; cmd/kapok opens them.
var within = map[string]bool{"returned": true, "licence": true}

// Every source of the example catalogue can be made.
func TestExampleCatalogue(t *testing.T) {
	directory, err := catalog.Load(catalog.Example(), map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": "http://127.0.0.1:8641"})
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for item := range directory.Items() {
		connection, served := directory.Connection(item.Code)
		if !served || within[connection.Protocol] {
			continue
		}
		if _, err := builtin.New(connection.Protocol, connection.Settings, world(secret)); err != nil {
			t.Errorf("%s: %v", item.Name, err)
		}
		made++
	}
	if made == 0 {
		t.Error("the catalogue has no source")
	}
}
