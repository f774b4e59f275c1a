package keys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// In KV, keys/wrapping and keys/lookup hold one field for each version: its number
// and, as transit's ciphertext, the secret. Nobody sees a secret in the open but
// the gateways that unwrap it.
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
	fields, _, err := v.readKV(ctx, path)
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

// readKV returns the fields and the version of an entry of KV version 2.
func (v *Vault) readKV(ctx context.Context, path string) (fields map[string]any, version int, err error) {
	answer, err := v.session.read(ctx, v.config.KV+"/data/"+path)
	if err != nil {
		return nil, 0, err
	}
	if answer == nil {
		return nil, 0, errNoSecret()
	}
	fields, ok := answer.Data["data"].(map[string]any)
	if !ok {
		return nil, 0, errNoSecret() // deleted
	}
	metadata, ok := answer.Data["metadata"].(map[string]any)
	if !ok {
		return nil, 0, errors.New("keys: vault: the entry has no metadata")
	}
	version, err = wholeNumber(metadata["version"])
	return fields, version, err
}

// writeKV puts the fields in the place of the version that was read; when another
// was quicker, it fails with code "key-service-conflict".
func (v *Vault) writeKV(ctx context.Context, path string, fields map[string]any, over int) error {
	_, err := v.session.write(ctx, v.config.KV+"/data/"+path, map[string]any{
		"data": fields, "options": map[string]any{"cas": over},
	})
	if status(err) == http.StatusBadRequest {
		return gateway.Fail(gateway.Conflict, "key-service-conflict", "Another change of the same keys was quicker; look and try again.").Because(err)
	}
	return err
}

// RotateWrapping makes a new key-encryption key. It needs a key officer's rights;
// the gateway's are refused.
func (v *Vault) RotateWrapping(ctx context.Context) (version int, err error) {
	return v.rotate(ctx, wrappingPath, sm.KeySize)
}

// RotateLookup makes a new look-up key. It needs a key officer's rights.
func (v *Vault) RotateLookup(ctx context.Context) (version int, err error) {
	return v.rotate(ctx, lookupPath, lookupKeySize)
}

// DestroyWrapping destroys an older key-encryption key, with every version of the
// entry that held it: what only it wraps is erased, but for Vault's own backups.
// It needs a key officer's rights.
func (v *Vault) DestroyWrapping(ctx context.Context, version int) error {
	return v.destroy(ctx, wrappingPath, version)
}

// DestroyLookup destroys an older look-up key, when no row stands under it. It
// needs a key officer's rights.
func (v *Vault) DestroyLookup(ctx context.Context, version int) error {
	return v.destroy(ctx, lookupPath, version)
}

func (v *Vault) rotate(ctx context.Context, path string, size int) (int, error) {
	fields, entry, err := v.readKV(ctx, path)
	if err != nil {
		return 0, err
	}
	answer, err := v.session.write(ctx, v.config.Transit+"/datakey/wrapped/"+v.config.WrapKey, map[string]any{"bits": size * 8})
	if err != nil {
		return 0, err
	}
	newest, err := newestOf(fields)
	if err != nil {
		return 0, err
	}
	changed := maps.Clone(fields)
	changed[strconv.Itoa(newest+1)] = answer.Data["ciphertext"]
	if err := v.writeKV(ctx, path, changed, entry); err != nil {
		return 0, err
	}
	return newest + 1, v.held.refresh(ctx)
}

func (v *Vault) destroy(ctx context.Context, path string, version int) error {
	fields, entry, err := v.readKV(ctx, path)
	if err != nil {
		return err
	}
	newest, err := newestOf(fields)
	if err != nil {
		return err
	}
	if version == newest {
		return errors.New("keys: the version in force cannot be destroyed")
	}
	changed := maps.Clone(fields)
	delete(changed, strconv.Itoa(version))
	if err := v.writeKV(ctx, path, changed, entry); err != nil {
		return err
	}
	earlier := make([]int, entry)
	for i := range earlier {
		earlier[i] = i + 1
	}
	if _, err := v.session.write(ctx, v.config.KV+"/destroy/"+path, map[string]any{"versions": earlier}); err != nil {
		return err
	}
	return v.held.refresh(ctx)
}

func newestOf(fields map[string]any) (int, error) {
	numbers := []int{0}
	for name := range fields {
		number, err := strconv.Atoi(name)
		if err != nil {
			return 0, errors.New("keys: vault: the entry has a field that is no version")
		}
		numbers = append(numbers, number)
	}
	return slices.Max(numbers), nil
}

func wholeNumber(value any) (int, error) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, errors.New("keys: vault: the entry's version is no number")
	}
	whole, err := number.Int64()
	return int(whole), err
}
