package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway/federation"
)

const federationUsage = `usage: kapok federation ACT …
  key FILE                    make a keeper's key: FILE is private, FILE.jwk.json is for the members to pin
  sign KEY LIST               print the signature under LIST (JSON), a detached JWS
  read KEEPER LIST SIGNATURE  verify the signature by a keeper's .jwk.json and print who is a member
A member's roots are those of its bundle (kapok bundle). LIST and its signature go into the
catalogue's section federations.`

var federationActs = map[string]struct {
	words int
	run   func(ctx context.Context, words []string, out io.Writer) error
}{
	"key": {1, makeKeeper}, "sign": {2, signMembers}, "read": {3, readMembers},
}

// federationCommand is for the federation's keeper, and for whoever looks before adopting.
// It needs neither a node nor a database.
func federationCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(federationUsage)
	}
	act, known := federationActs[args[0]]
	if !known || len(args)-1 != act.words {
		return errors.New(federationUsage)
	}
	return act.run(ctx, args[1:], out)
}

// makeKeeper writes a key of which no copy is anywhere else, and overwrites none.
func makeKeeper(_ context.Context, words []string, out io.Writer) error {
	key, err := sm.GenerateKey()
	if err != nil {
		return err
	}
	private, err := os.OpenFile(words[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(private, hex.EncodeToString(key.Bytes()))
	if err = errors.Join(err, private.Close()); err != nil {
		return err
	}
	public := jose.NewJWK("", key.Public())
	public.KeyID = public.Thumbprint()
	written, err := json.MarshalIndent(public, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(words[0]+".jwk.json", append(written, '\n'), 0o644); err != nil { //nolint:gosec // public by nature
		return err
	}
	_, err = fmt.Fprintln(out, public.KeyID)
	return err
}

func signMembers(ctx context.Context, words []string, out io.Writer) error {
	text, err := os.ReadFile(words[0])
	if err != nil {
		return err
	}
	scalar, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return errors.New("the keeper's key is not a private key in hexadecimal digits")
	}
	key, err := sm.ParsePrivateKey(scalar)
	if err != nil {
		return err
	}
	list, err := os.ReadFile(words[1])
	if err != nil {
		return err
	}
	signature, err := federation.Sign(ctx, list, key)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, signature)
	return err
}

func readMembers(_ context.Context, words []string, out io.Writer) error {
	keeper, err := readJWK(words[0])
	if err != nil {
		return err
	}
	document, err := os.ReadFile(words[1])
	if err != nil {
		return err
	}
	signature, err := os.ReadFile(words[2])
	if err != nil {
		return err
	}
	list, err := federation.Open(document, strings.TrimSpace(string(signature)), []federation.Keeper{{Key: keeper}}, sm.NewVerifier(sm.VerifierOptions{}))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s, version %d, until %s\n", list.Federation, list.Version, list.Expires.Format(time.RFC3339)); err != nil {
		return err
	}
	for _, member := range list.Members {
		if _, err := fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", member.ID, member.Division, member.URL, member.Name); err != nil {
			return err
		}
	}
	return nil
}
