package keys

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
)

// In KV, keys/wrapping and keys/lookup hold one field for each version: its number
// and, as transit's ciphertext, the secret. Nobody sees a secret in the open but
// the gateways that unwrap it. deploy/vault/versions.sh makes and destroys versions;
// a gateway has no right to.
const (
	wrappingPath = "keys/wrapping"
	lookupPath   = "keys/lookup"
)

func (v *Vault) loadSecrets(ctx context.Context) (*secrets, error) {
	wrapping, err := v.unwrapAll(ctx, wrappingPath)
	if err != nil {
		return nil, err
	}
	lookup, err := v.unwrapAll(ctx, lookupPath)
	if err != nil {
		return nil, err
	}
	return newSecrets(wrapping, lookup)
}

func (v *Vault) unwrapAll(ctx context.Context, path string) (map[int][]byte, error) {
	fields, err := v.readKV(ctx, path)
	if err != nil {
		return nil, err
	}
	opened := map[int][]byte{}
	for name, value := range fields {
		version, err := strconv.Atoi(name)
		ciphertext, isText := value.(string)
		if err != nil || !isText {
			return nil, fmt.Errorf("keys: vault: %s has a field that is no version", path)
		}
		if opened[version], err = v.unwrap(ctx, ciphertext); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

func (v *Vault) unwrap(ctx context.Context, ciphertext string) ([]byte, error) {
	answer, err := v.session.write(ctx, v.config.Transit+"/decrypt/"+v.config.WrapKey, map[string]any{"ciphertext": ciphertext})
	if err != nil {
		return nil, err
	}
	plaintext, ok := answer.Data["plaintext"].(string)
	if !ok {
		return nil, errors.New("keys: vault: transit's answer has no plaintext")
	}
	return base64.StdEncoding.DecodeString(plaintext)
}

// readKV returns the fields of an entry of KV version 2.
func (v *Vault) readKV(ctx context.Context, path string) (map[string]any, error) {
	answer, err := v.session.read(ctx, v.config.KV+"/data/"+path)
	if err != nil {
		return nil, err
	}
	if answer == nil {
		return nil, errNoSecret()
	}
	fields, ok := answer.Data["data"].(map[string]any)
	if !ok { // deleted
		return nil, errNoSecret()
	}
	return fields, nil
}
