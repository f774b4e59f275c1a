package keys

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// VaultConfig says where Vault is and how to sign in. deploy/vault/provision.sh
// makes what the defaults name.
type VaultConfig struct {
	Address string // https://vault.example:8200; VAULT_CACERT and its like are honoured
	// RoleID and SecretID are asked at every login, so a secret that was replaced
	// on disk is taken up without a restart.
	RoleID, SecretID func() (string, error)

	Engine    string // mount of the gm engine; default "gm"
	Authority string // the district's authority in it; default "district"
	Role      string // the role that issues operational certificates; default "operational"
	Transit   string // mount of transit; default "transit"
	WrapKey   string // transit's key that wraps our secrets; default "kapok"
	KV        string // mount of a KV version 2; default "kapok"

	RefreshEvery time.Duration // how often the versions of our secrets are looked up; default one minute
	Log          *slog.Logger  // default slog.Default()
}

// FromFile reads an id from a file at every login, for RoleID and SecretID.
func FromFile(path string) func() (string, error) {
	return func() (string, error) {
		contents, err := os.ReadFile(path)
		return strings.TrimSpace(string(contents)), err
	}
}

// Vault is the key service of production: the authority's key stays in it, and
// what is unwrapped here lives in memory only. It implements [Authority] and is
// safe for concurrent use.
type Vault struct {
	config  VaultConfig
	session *session
	held    *held
	root    []byte
	stop    context.CancelFunc
	tasks   sync.WaitGroup
}

const (
	vaultTimeout   = 10 * time.Second
	defaultRefresh = time.Minute
)

// OpenVault signs in, unwraps the key-encryption and look-up keys, reads the root
// and keeps the token renewed until [Vault.Close]. Its failures are
// *gateway.Error with code "key-service-unavailable", "key-service-sealed" or
// "key-service-refused".
func OpenVault(ctx context.Context, config VaultConfig) (*Vault, error) {
	config = config.complete()
	client, err := newVaultClient(config.Address)
	if err != nil {
		return nil, err
	}
	v := &Vault{config: config, session: newSession(client, config)}
	v.held = &held{load: v.loadSecrets}
	if err := v.session.login(ctx); err != nil {
		return nil, err
	}
	if err := v.held.refresh(ctx); err != nil {
		return nil, err
	}
	if err := v.loadRoot(ctx); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	v.stop = stop
	v.tasks.Go(func() { v.session.keepAlive(background) })
	v.tasks.Go(func() { v.keepFresh(background) })
	return v, nil
}

// keepFresh loads the secrets anew from time to time, so that every node knows a
// new version of the look-up key before rows stand under it alone.
func (v *Vault) keepFresh(ctx context.Context) {
	for sleep(ctx, v.config.RefreshEvery) {
		if err := v.held.refresh(ctx); err != nil {
			v.config.Log.Warn("the wrapping and look-up keys were not loaded anew; those in memory stay", "error", err)
		}
	}
}

func (c VaultConfig) complete() VaultConfig {
	for _, setting := range []struct {
		value     *string
		otherwise string
	}{
		{&c.Engine, "gm"}, {&c.Authority, "district"}, {&c.Role, "operational"},
		{&c.Transit, "transit"}, {&c.WrapKey, "kapok"}, {&c.KV, "kapok"},
	} {
		if *setting.value == "" {
			*setting.value = setting.otherwise
		}
	}
	if c.RefreshEvery == 0 {
		c.RefreshEvery = defaultRefresh
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func newVaultClient(address string) (*api.Client, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("keys: vault: %w", config.Error)
	}
	config.Address, config.Timeout, config.MaxRetries = address, vaultTimeout, 1
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("keys: vault: %w", err)
	}
	client.ClearToken() // none from the environment: only what AppRole gives
	return client, nil
}

// Close ends the renewal and gives the token back.
func (v *Vault) Close(ctx context.Context) error {
	v.stop()
	v.tasks.Wait()
	return v.session.revoke(ctx)
}

// Root returns the root's certificate, DER, as the authority's chain ends with it.
func (v *Vault) Root() []byte { return v.root }

// Persons gives the keys of persons.
func (v *Vault) Persons() *Persons { return &Persons{v.held} }

// Lookup gives the keyed look-up.
func (v *Vault) Lookup() *Lookup { return &Lookup{v.held} }

// Certify implements [Authority]: the engine issues under the role, within its
// bounds.
func (v *Vault) Certify(ctx context.Context, key sm.Signer, name string, life time.Duration) ([][]byte, error) {
	csr, err := pki.NewSigningRequest(ctx, key, name)
	if err != nil {
		return nil, err
	}
	answer, err := v.session.write(ctx, v.config.Engine+"/issue/"+v.config.Role, map[string]any{
		"csr": base64.StdEncoding.EncodeToString(csr), "common_name": name, "ttl": int(life.Seconds()),
	})
	if err != nil {
		return nil, err
	}
	return chainOf(answer)
}

// Secret returns a connector's secret: the field "value" of connectors/<name>.
func (v *Vault) Secret(ctx context.Context, name string) (string, error) {
	fields, err := v.readKV(ctx, "connectors/"+name)
	if err != nil {
		return "", err
	}
	value, ok := fields["value"].(string)
	if !ok {
		return "", errNoSecret()
	}
	return strings.TrimRight(value, "\r\n"), nil // as an editor leaves at the end of a file
}

func (v *Vault) loadRoot(ctx context.Context) error {
	answer, err := v.session.read(ctx, v.config.Engine+"/authorities/"+v.config.Authority)
	if err != nil {
		return err
	}
	chain, err := chainOf(answer)
	if err != nil {
		return err
	}
	v.root = chain[len(chain)-1]
	return nil
}

func chainOf(answer *api.Secret) ([][]byte, error) {
	if answer == nil {
		return nil, errors.New("keys: vault: the engine has no such authority or role")
	}
	text, ok := answer.Data["chain"].(string)
	if !ok {
		return nil, errors.New("keys: vault: the engine's answer has no chain")
	}
	chain := pki.FromPEM([]byte(text))
	if len(chain) == 0 {
		return nil, errors.New("keys: vault: the engine's chain is empty")
	}
	return chain, nil
}
