package rest

import (
	"net/http"

	"kapok/connectors/settings"
)

// prover makes a request show who sends it.
type prover func(req *http.Request) error

// provers are the values of the setting auth.
var provers = map[string]func(d declared, secrets func(name string) (string, error), client *http.Client) (prover, error){
	"none": func(declared, func(string) (string, error), *http.Client) (prover, error) {
		return func(*http.Request) error { return nil }, nil
	},
	"basic": withSecret(func(d declared, secret string) prover {
		return func(req *http.Request) error { req.SetBasicAuth(d.authUser, secret); return nil }
	}),
	"bearer": withSecret(func(_ declared, secret string) prover {
		return func(req *http.Request) error { req.Header.Set("Authorization", "Bearer "+secret); return nil }
	}),
	"header": withSecret(func(d declared, secret string) prover {
		return func(req *http.Request) error { req.Header.Set(d.authHeader, secret); return nil }
	}),
	"oauth2": newTokens,
}

func withSecret(build func(d declared, secret string) prover) func(declared, func(string) (string, error), *http.Client) (prover, error) {
	return func(d declared, secrets func(string) (string, error), _ *http.Client) (prover, error) {
		secret, err := settings.Secret("auth_secret", d.authSecret, secrets)
		if err != nil {
			return nil, err
		}
		return build(d, secret), nil
	}
}
