package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"kapok/crypto/keys"
)

// keyring is what a node needs of the place where long-lived keys are kept.
type keyring interface {
	keys.Authority
	Root() []byte // DER
	Lookup() *keys.Lookup
	Persons() *keys.Persons
	Secret(ctx context.Context, name string) (string, error)
	SealKey(ctx context.Context, name, holder string) (keys.SealKey, error)
}

// closer is a keyring that has something to give back: Vault's token.
type closer interface {
	Close(ctx context.Context) error
}

const (
	fileBackend  = "file"
	vaultBackend = "vault"
)

// backends are the places that are built in.
var backends = map[string]func(ctx context.Context, c keysConfig, log *slog.Logger) (keyring, error){
	fileBackend:  openFileKeys,
	vaultBackend: openVaultKeys,
}

func openKeyring(ctx context.Context, c keysConfig, log *slog.Logger) (keyring, error) {
	open, known := backends[c.Backend]
	if !known {
		return nil, fmt.Errorf("keys.backend %q is not built in", c.Backend)
	}
	return open(ctx, c, log)
}

func openFileKeys(_ context.Context, c keysConfig, log *slog.Logger) (keyring, error) {
	return fileKeys(c, log)
}

func openVaultKeys(ctx context.Context, c keysConfig, log *slog.Logger) (keyring, error) {
	return keys.OpenVault(ctx, keys.VaultConfig{
		Address: c.Vault.Address, Log: log,
		RoleID: keys.FromFile(c.Vault.RoleIDFile), SecretID: keys.FromFile(c.Vault.SecretIDFile),
	})
}

func fileKeys(c keysConfig, log *slog.Logger) (*keys.File, error) {
	passphrase, err := os.ReadFile(c.PassphraseFile)
	if err != nil {
		return nil, fmt.Errorf("keys.passphrase_file: %w", err)
	}
	return keys.OpenFile(c.Folder, bytes.TrimSpace(passphrase), log)
}

// putSecret is `kapok secret --config FILE NAME`, the value on standard input.
func putSecret(_ context.Context, args []string, out io.Writer) error {
	c, names, err := configOf("secret", args)
	if err != nil {
		return err
	}
	if len(names) != 1 || c.Keys.Backend != fileBackend {
		return errors.New("usage: kapok secret --config FILE NAME, with the file backend; with Vault, put it into Vault")
	}
	value, err := io.ReadAll(io.LimitReader(os.Stdin, 64<<10))
	if err != nil {
		return err
	}
	file, err := fileKeys(c.Keys, newLog(out))
	if err != nil {
		return err
	}
	return file.PutSecret(names[0], bytes.TrimSpace(value))
}

// readSecretFile reads a secret that lies in a file of its own; no path is no secret.
func readSecretFile(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	content, err := os.ReadFile(path)
	return string(bytes.TrimSpace(content)), err
}
