package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"kapok/catalog"
	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway/postgres"
)

const keysUsage = "usage: kapok keys --config FILE enrol SYSTEM JWK-FILE | list SYSTEM | revoke KEY-ID"

// operator is who the ledger names for what is done from this command line.
const operator = "operator"

// systemKeys keeps the public keys of departments' systems. What it does stands in the
// ledger; a node that runs seals it at once, else the next one to start does.
func systemKeys(ctx context.Context, args []string, out io.Writer) error {
	c, words, err := configOf("keys", args)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return errors.New(keysUsage)
	}
	act, known := keyActs[words[0]]
	if !known || len(words)-1 != act.words {
		return errors.New(keysUsage)
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{})
	if err != nil {
		return err
	}
	defer database.Close()
	return act.run(ctx, c, database, words[1:], out)
}

var keyActs = map[string]struct {
	words int
	run   func(ctx context.Context, c config, database *postgres.DB, words []string, out io.Writer) error
}{
	"enrol":  {2, enrolKey},
	"list":   {1, listKeys},
	"revoke": {1, revokeKey},
}

func enrolKey(ctx context.Context, c config, database *postgres.DB, words []string, out io.Writer) error {
	directory, err := loadCatalog(c.Catalog)
	if err != nil {
		return err
	}
	enrolment, err := readEnrolment(directory, words[0], words[1])
	if err != nil {
		return err
	}
	key, _, err := database.EnrolKey(ctx, enrolment)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, key.KeyID)
	return err
}

// readEnrolment reads a public key and checks that the catalogue knows its system.
func readEnrolment(directory *catalog.Catalog, system, path string) (postgres.Enrolment, error) {
	if _, known := directory.System(system); !known {
		return postgres.Enrolment{}, fmt.Errorf("the catalogue holds no system %q", system)
	}
	public, err := readJWK(path)
	if err != nil {
		return postgres.Enrolment{}, err
	}
	now := time.Now()
	return postgres.Enrolment{System: system, Public: public, From: now, Actor: operator, At: now}, nil
}

func readJWK(path string) (*sm.PublicKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var jwk jose.JWK
	if err := json.Unmarshal(content, &jwk); err != nil {
		return nil, fmt.Errorf("%s is not a JWK: %w", path, err)
	}
	return jwk.PublicKey()
}

func listKeys(ctx context.Context, _ config, database *postgres.DB, words []string, out io.Writer) error {
	found, err := database.SystemKeys(ctx, words[0])
	if err != nil {
		return err
	}
	for _, key := range found {
		state := "in force"
		if key.Revoked {
			state = "revoked"
		}
		if _, err := fmt.Fprintf(out, "%s\tsince %s\t%s\n", key.KeyID, key.From.Format(time.RFC3339), state); err != nil {
			return err
		}
	}
	return nil
}

func revokeKey(ctx context.Context, _ config, database *postgres.DB, words []string, out io.Writer) error {
	if _, err := database.RevokeKey(ctx, words[0], operator, time.Now()); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "revoked on every node")
	return err
}
